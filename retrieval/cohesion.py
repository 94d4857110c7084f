"""Which sentences lean on the one before them: by a pronoun, a connective, a turn of speech.

The signs are a language's own; where a language has no table here, no sentence is said to lean.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from retrieval.languages import Language

_OPENING: Final = "\"'“‘„«»‹(¿¡「『（[*_"

_LEANS: Final = {
    "en": r"and|but|or|nor|so|yet|he|she|it|they|this|that|these|those|such|his|her|hers|its|"
    r"their|theirs|both|here|there(?! (?:is|are|was|were|has|have|will|can|may|might|must)\b)|"
    r"however|moreover|furthermore|therefore|thus|hence|consequently|also|additionally|besides|"
    r"instead|otherwise|meanwhile|then|similarly|likewise|nevertheless|nonetheless|accordingly|"
    r"finally|afterwards?|later|indeed|further|overall|again|still|interestingly|conversely|"
    r"subsequently|as (?:a result|such|well)|in (?:addition|contrast|turn|particular|fact|short|"
    r"other words|this|that|these|those)|for (?:example|instance|this|these)|on the other hand|"
    r"by contrast|because of (?:this|that)|after (?:this|that)|the (?:former|latter|same|other|"
    r"move|statement)|an?other|others|one of (?:them|these|those|its|his|her|their)|"
    r"to (?:this|that) end|"
    r"at (?:this|that|the same) (?:time|point)|with (?:this|that|these|those)|among (?:these|them)|"
    r"of (?:these|those|them)|some of (?:these|those|them)",
    "es": r"y|e|o|pero|sino|él|ella|ellos|ellas|ello|est[aeo]s?|es[aeo]s?|aquell[ao]s?|aquel|"
    r"sus?|además|también|tampoco|sin embargo|no obstante|por (?:lo tanto|tanto|eso|ello|ejemplo|"
    r"otr[ao] (?:parte|lado)|consiguiente)|así|entonces|luego|después|mientras tanto|en cambio|"
    r"asimismo|finalmente|allí|ahí|aquí|de hecho|en (?:est|es)[aeo]s?|a pesar de (?:esto|ello)|"
    r"ambos|ambas|otr[ao]s?|lo (?:cual|que)|como resultado|debido a es[to]o?",
    "fr": r"et|mais|ou|or|donc|car|ni|ils?|elles?|ce|cet|cette|ces|cela|ça|ceci|celui|celle|ceux|"
    r"c'|c’|son|sa|ses|leurs?|lui|eux|aussi|cependant|toutefois|néanmoins|pourtant|ainsi|alors|"
    r"ensuite|puis|enfin|de plus|en outre|par (?:exemple|conséquent|contre|ailleurs)|en revanche|"
    r"d'autre part|d’autre part|en effet|là|ici|y|tous deux|les deux|l'autre|l’autre|à (?:cet|ce)",
    "de": r"und|aber|oder|denn|doch|sondern|er|sie|es|ihm|ihn|ihr|ihre[rmns]?|sein|seine[rmns]?|"
    r"dies|diese[rmns]?|jene[rmns]?|solche[rmns]?|dabei|damit|dafür|dagegen|daher|dadurch|danach|"
    r"dann|daraufhin|darin|darüber|darum|davon|dazu|deshalb|deswegen|dennoch|jedoch|allerdings|"
    r"außerdem|zudem|ferner|ebenso|ebenfalls|auch|so|somit|also|hier|dort|beide|schließlich|"
    r"hingegen|trotzdem|stattdessen|inzwischen|zum beispiel|infolgedessen|in (?:diese|jene)[rmns]?",
    "pt": r"e|mas|ou|porém|el[ae]s?|est[ae]s?|ess[ae]s?|isto|isso|aquilo|aquel[ae]s?|seus?|suas?|"
    r"além (?:disso|disto)|também|tampouco|no entanto|contudo|todavia|portanto|por (?:isso|exemplo|"
    r"outro lado|conseguinte)|assim|então|depois|entretanto|enquanto isso|finalmente|ali|lá|aqui|"
    r"de fato|n?(?:est|ess)[ae]s?|n(?:isto|isso|ele|ela)|ambos|ambas|outr[ao]s?|como resultado",
}
_LEANS_WITHIN: Final = {
    "en": r",\s(?:meanwhile|however|therefore|moreover|furthermore|though|then|too|in turn|"
    r"for example|for instance|also|by contrast|on the other hand),"
    r"|,[\"”»’]\s(?:he|she|they|it)\s\w+"
    r"|[\"”»]\s(?:he|she|they)\s(?:said|says|added|told|wrote)\b"
    r"|\b(?:in|of|during|after|before|by|from|with|for) (?:that|these|those) "
    r"(?!who\b|which\b|with\b|of\b|in\b)[a-z]"
    r"|\b(?:see (?:above|below)|above-mentioned)\b"
    r"|\b(?:as (?:mentioned|noted|described) (?:above|earlier))\b",
    "es": r",\s(?:sin embargo|además|por lo tanto|por otra parte|no obstante|en cambio),",
    "fr": r",\s(?:cependant|toutefois|en revanche|par exemple|quant à (?:lui|elle)|donc),",
    "de": r",\s(?:so|sagte|erklärte)\s(?:er|sie)\b|\b(?:jedoch|allerdings|hingegen|dagegen)\b",
    "pt": r",\s(?:no entanto|porém|contudo|portanto|por outro lado|além disso),",
}


def leans_on_others(sentence: str, language: Language) -> bool:
    """Whether a sentence makes sense only beside others, by its opening or its words."""
    _, within = _signs(language.code)
    return opens_leaning(sentence, language) or bool(within and within.search(sentence))


def opens_leaning(sentence: str, language: Language) -> bool:
    """Whether a sentence begins with a pronoun or a connective, which the one before explains."""
    opens, _ = _signs(language.code)
    return bool(opens and opens.match(sentence.lstrip(_OPENING)))


@lru_cache(maxsize=16)
def _signs(code: str) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    opens, within = _LEANS.get(code), _LEANS_WITHIN.get(code)
    return (
        re.compile(rf"(?:{opens})(?<=['’])|(?:{opens})\b", re.IGNORECASE) if opens else None,
        re.compile(within, re.IGNORECASE) if within else None,
    )
