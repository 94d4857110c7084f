"""Function words of languages for which no library at hand has a list, or none that fits.

Scripts without spaces have only those that can be cut out of a run of characters without tearing a
word apart: the words that make a question, and endings of politeness. Shorter ones stand inside
other words (的 in 目的), and are common enough to weigh little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ARABIC: Final = """
من في على إلى عن مع هذا هذه ذلك تلك هؤلاء الذي التي الذين اللذان اللتان هو هي هم هن أنا نحن
أنت أنتم كان كانت كانوا يكون تكون ليس ليست لم لن لا ما ماذا لماذا متى أين كيف كم هل أي أية
منذ حتى قد لقد إن أن أو أم ثم بل لكن ولكن كما كل بعض غير بين بعد قبل عند عندما حيث إذا إذ لو
وقد فقد به بها فيه فيها له لها لهم منه منها عنه عنها عليه عليها إليه إليها وهو وهي أيضا ضد
خلال حول دون بدون
"""
_HINDI: Final = """
का की के को में से पर ने और या है हैं था थी थे हो होता होती होते हुआ हुई हुए यह वह ये वे इस
उस इन उन इसका इसकी इसके उसका उसकी उसके इसे उसे इनके उनके कि जो जिस जिन जिसे तो भी ही न नहीं
एक कर करना करने करता करती करते किया गया गई गए रहा रही रहे लिए साथ तक द्वारा अपना अपनी अपने
क्या कौन कब कहाँ कहां क्यों कैसे कैसा कितना कितनी कितने किस किसने किसे किन मैं हम तुम आप
सकता सकती सकते जा जाता जाती जाते
"""
_CHINESE: Final = """
什么 甚么 为什么 为何 什麼 為什麼 哪里 哪裡 哪儿 哪个 哪個 哪些 哪一 怎么 怎麼 怎样 怎樣
如何 多少 是否 何时 何時 何地 是不是 有没有 我们 我們 你们 他们 他們 她们 它们 它們 这个
這個 那个 那個 这些 這些 那些 因为 因為 所以 但是 并且 以及
"""
_JAPANESE: Final = """
ですか ますか でしたか ましたか でしょうか のでしょう でした ました です ます ません どこ
いつ だれ なぜ どう どの どれ どんな どのような どのように いくつ いくら 何ですか とは
という について これ それ あれ この その ある いる された される している していた
"""
_THAI: Final = """
อะไร ที่ไหน เมื่อไร เมื่อไหร่ เมื่อใด ทำไม เพราะเหตุใด อย่างไร ยังไง ใคร เท่าไร เท่าไหร่
เท่าใด หรือไม่ หรือเปล่า ไหม
"""
_PERSIAN: Final = """
و در به از که این آن را با است برای بود شد شده می های ها تا بر یک خود او ما شما آنها ایشان
من تو هم نیز یا اما اگر هر هیچ چه چی کجا کی چرا چگونه چطور چند کدام آیا بین پس پیش باید شود
کرد کرده کند دارد داشت هستند بودند نیست
"""
_CATALAN: Final = """
el la els les un una uns unes de del dels a al als en amb per i o que no és son són era van
va ha han es se si com més aquest aquesta això qui què quan on quin quina quins quines
"""
_POLISH: Final = """
i w z na do o że się nie to jest są był była było byli jak co kto gdzie kiedy dlaczego ile
który która które którzy jaki jaka jakie czy od po za przez dla ze we oraz lub albo ale by
ten ta te tego tej tych jego jej ich przy pod nad
"""
_CZECH: Final = """
a v z na do o že se ne to je jsou byl byla bylo byli jak co kdo kde kdy proč kolik který
která které jaký jaká jaké či od po za přes pro ze ve nebo ale by ten ta ty toho té těch
jeho její jejich při pod nad k ke s si
"""

FUNCTION_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ar": tuple(_ARABIC.split()),
    "ca": tuple(_CATALAN.split()),
    "cs": tuple(_CZECH.split()),
    "fa": tuple(_PERSIAN.split()),
    "hi": tuple(_HINDI.split()),
    "ja": tuple(_JAPANESE.split()),
    "pl": tuple(_POLISH.split()),
    "th": tuple(_THAI.split()),
    "zh": tuple(_CHINESE.split()),
}
"""By ISO 639-1 code."""
