"""Make ``retrieval/encoders/multilingual_centre.npy``: what all of the model's vectors share.

    python -m tests.benchmarks.multilingual_centre SQUAD_FILE...

One file a language, each language counts alike. Four rows: the mean vector of sentences, of their
tokens, of questions, of their tokens.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from retrieval.encoders import Encoding, Floats, multilingual
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.evaluation.squad import read_squad
from retrieval.segmentation import paragraphs, sentences

EVERY = 6


def main(paths: list[Path]) -> None:
    encoder = multilingual.MultilingualEncoder()
    encoder.load()
    rows = []
    for path in paths:
        questions = read_squad(path)
        said = [
            sentence.span.of(article.text)
            for article in questions.articles.values()
            for paragraph in paragraphs(article.text)
            for sentence in sentences(article.text, paragraph)
        ][::EVERY]
        asked = [question.text for question in questions.questions][::EVERY]
        # The parent's methods give the vectors as the model makes them, uncentred.
        plain = SentenceTransformerEncoder
        rows.append(
            [
                *means(plain.encode_sentences(encoder, said)),
                *means([plain.encode_question(encoder, text) for text in asked]),
            ]
        )
        print(f"{path.name}: {len(said)} sentences, {len(asked)} questions")
    target = Path(multilingual.__file__).with_name("multilingual_centre.npy")
    np.save(target, np.mean(rows, axis=0).astype(np.float32))
    print(f"Written: {target}")


def means(encodings: list[Encoding]) -> tuple[Floats, Floats]:
    vectors = np.stack([encoding.vector for encoding in encodings])
    tokens = np.concatenate([encoding.tokens.vectors for encoding in encodings])
    return vectors.mean(axis=0), tokens.astype(np.float32).mean(axis=0)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
