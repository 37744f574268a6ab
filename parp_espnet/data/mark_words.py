"""Words by which transcribers say that something is no speech, or is speech that they could not
write.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EVENTS = _words("""
    laughter laugh laughs laughing laughed chuckle chuckles giggle giggles lachen lacht risa risas
    ríe rire rires risate
    riso risos gelach skratt skrattar смех смеется смеётся gülme gülüyor gülüşme kahkaha 笑 笑声
    cough coughs coughing tos tose toux tosse hoest hosta husten hustet кашель кашляет öksürük
    öksürür 咳嗽
    güler gülerek हँसी हंसी ضحك 웃음 기침 笑い 咳 kicheko tertawa cười räuspern räuspert
    noise noises noisy ruido ruidos bruit bruits rumore rumori ruído geluid geräusch geräusche
    rauschen шум gürültü 噪音
    breath breaths breathing breathes inhale inhales inhaling exhale exhales respira respiración
    respiration respiro
    atmet atmen einatmen вдох выдох вздыхает nefes sigh sighs sighing suspira suspiro soupir sospiro
    seufzt вздох
    sniff sniffs sniffle sniffles sneeze sneezes yawn yawns gasp gasps groan groans moan moans
    humming whistle
    whistles crying sob sobs scream screams shout shouts throat smack lipsmack click clicks
    swallow burp hiccup hiccups snort whisper
    music musik musique música musica müzik музыка applause aplausos applaudissements applaus clap
    claps clapping cheer
    cheering singing beep beeps rings ringing bangs knock knocks static buzz hiss
    bark barks footsteps feedback dtmf
    silence silent sil pause pauses pausa pausas stille тишина пауза sessizlik 沉默
    hesitation hes hesit filler disfluency nospeech nonspeech nonspeaker overlap nsn lau brth npn
    eps smk
""")
"""Of what is no speech, or no words, in lower case; in a few languages."""
UNWRITTEN = _words("""
    unintelligible unintell unint inint inaudible inaud unclear indistinct incomprehensible incompr
    indiscernible
    unk unknown oov
    garbage gbg spn spoken foreign speaks speaking untranscribed mumble mumbles mumbling mumbled
    babble crosstalk
    ininteligible incomprensible inintelligible incompréhensible incomprensibile inaudibile
    inaudível inaudibles
    unverständlich onverstaanbaar ohörbart неразборчиво нрзб неразб anlaşılmaz anlaşılmıyor 听不清
""")
"""Of speech that the text has not."""
STEMS = (
    "unintell", "inintell", "inaudi", "indistin", "undecipher", "indécipher", "indéchiff",
    "indescifr", "ininteli",
    "incompréh", "unverst", "onverst", "ohör", "неразбор", "нрзб", "anlaşılm",
)  # fmt: skip
"""How such words begin in their other forms."""
BESIDE = _words("""
    loud loudly soft softly quiet quietly heavy heavily deep deeply short long brief slight nervous
    nervously in the
    of a background slams slam opens closes clears clear playing plays starts stops continues
    speaker audience crowd
    speech spanish english french german arabic chinese russian portuguese dutch italian turkish
    language other male female man woman dog dogs bird birds rooster wind rain engine horn phone
    door mic microphone
    lip lips tongue child baby car
""")
"""What may stand beside a word of `EVENTS` in a parenthesis that is an event: "(dog barks)",
"(clears throat)".
"""
