from collections import Counter

import pytest

from parp_espnet.data.marks import Kind, read_marks, summary

NAMES = {Kind.EVENT: "e", Kind.UNWRITTEN: "u", Kind.NOTE: "n", Kind.SAID: "s"}


@pytest.mark.parametrize(
    ("text", "left", "kinds"),
    [
        # What the issue lists.
        ("a [laughter] b (cough) {noise} =laughs= c", "a b c", "eeee"),
        ("<unk> a xxx @@ ***", "a", "uuue"),
        # CHAT
        ("&=laughs I want [//] I need +...", "I want I need", "enn"),
        ("<I want> [//] the [/] the (be)cause &-uh so +/.", "I want the the cause uh so", "sssnnn"),
        ("gonna [: going to] xxx yyy www .", "gonna .", "nuuu"),
        ("hola@s:spa b@l gaga@o (.) (2.3)", "b gaga", "unnee"),
        # LDC, Babel and Switchboard
        ("{laugh} ((guess)) (( )) %uh %hesitation", "guess uh", "suese"),
        ('<foreign lang="es"> hola </foreign> then', "then", "u"),
        ("<hes> <breath/> <no-speech> <male-to-female> a", "a", "eeee"),
        ("[laughter-yeah] th[is]- [vocalized-noise]", "yeah th-", "sse"),
        # Kaldi and others
        ("<SPOKEN_NOISE> a [NOISE] <UNK> !SIL SPN", "a", "euueu"),
        ("yes <COMMA> no <PERIOD> <MUSIC>", "yes no", "nne"),
        ("♪ la la ♪ # yes", "la la yes", "eee"),
        # ELAN's users, in their own languages
        ("(rires) oui (inaudible) (???) (xxx)", "oui", "euuu"),
        ("[смех] да (неразборчиво) (кашель)", "да", "eue"),
        ("我的电话[um]都没（笑声）啥【听不清】", "我的电话 都没 啥", "eue"),
        ("(dog barks) [door slams] (clears throat) [Spanish]", "", "eeee"),
        ("a [inaudible 00:12] b", "a b", "u"),
        # CHAT: words left out, errors, words said thrice, overlap, who speaks.
        ("*CHI: I 0want [*] to <go> [<] dog [x 3]", "I to go dog", "nnnnsu"),
        # Conversation analysis, and other languages and their forms.
        ("((laughs)) so ((hustet)) ((2.5 s)) (3s) ((guess))", "so guess", "eeees"),
        ("(räuspern) (hँसी) (हँसी) (웃음) (咳) (ضحك) (ri\u0301e)", "hँसी", "seeeeee"),
        ("(unint.) (inaud) (indistinct speech) (speaks Spanish) (неразборчивая "
         "речь)", "неразборчивая речь", "uuuus"),
        # Buckeye and Verbmobil
        ("<LAUGH-yes> <CUTOFF-th=the> <VOCNOISE> <IVER> <EXCLUDE-name>", "yes th", "sseee"),
        ('<"ah> <#Klopfen> <:<#> ja:> <*ENG>', "ja", "nneeee"),
        # Signs before and behind a word
        ("*risas* **laughs** *so* _cough_ #noise# //music// $laugh \\breath", "so", "eeseeeee"),
        ("&amp; &lt;unk&gt; it&#39;s rock&nbsp;", "& it's rock", "nnnnnu"),
        ("because_1 [...] he {…}", "because he", "nuu"),
        ("[laugh [cough]] a [sic] b (sp?) c (sic)", "a b c", "eeenn"),
        ("NaN", "", "u"),
        ("Speaker 1: so >> no", "so no", "nn"),
    ],
)  # fmt: skip
def test_conventions(text: str, left: str, kinds: str) -> None:
    marked = read_marks(text)
    assert marked.text == left
    assert sorted(NAMES[kind] for kind, _ in marked.marks) == sorted(kinds)


@pytest.mark.parametrize(
    "text",
    [
        "siglo XX, quoi ? non !", "!xung =khoe ǂgâ //gana", "AT&T R&B & co", "me@x.com 50% "
                                                                             "off", "it's (1995)",
        "well-known, don't; yes… no - why?", "你好吗", "www.example.org", "nan", "0h30 007 1/2 "
                                                                              "and/or",
                                                                              "#1 _so_ /ui",
    ],
)  # fmt: skip
def test_what_is_no_mark(text: str) -> None:
    marked = read_marks(text)
    assert marked.text == text.replace("(1995)", "1995")
    assert not marked.has(Kind.EVENT)
    assert not marked.has(Kind.UNWRITTEN)


def test_a_parenthesis_of_other_words_is_said_and_counted() -> None:
    marked = read_marks("he said (and I quote) that (the dog) ran")
    assert marked.text == "he said and I quote that the dog ran"
    assert marked.marks == ((Kind.SAID, "(and I quote)"), (Kind.SAID, "(the dog)"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a [noise] <unk> { @ =n (p) !SIL <SPOKEN_NOISE> =laughs= xxx", "a { @ =n (p)"),
        ("p [door slams] (loud noise) a *laughs* #noise # | [...] ???", "p a # |"),
        ("[sil p a t a sil] (s i l) & 0ja ri_1", "[sil p a t a sil] (s i l) & 0ja ri_1"),
        ("[p a t a] <space> r_0 |\\ ! ɡ͡b", "[p a t a] <space> r_0 |\\ ! ɡ͡b"),
    ],
)
def test_a_text_of_phones_keeps_its_phones(text: str, left: str) -> None:
    assert read_marks(text, of_phones=True).text == left


def test_what_there_was_is_told() -> None:
    counts: Counter[tuple[Kind, str]] = Counter()
    for text in ("[laughter] a [laughter] (cough)", "xxx"):
        counts.update(read_marks(text).marks)
    assert (
        summary(counts)
        == "3 events ([laughter] 2, (cough) 1), 1 speech that is not written (xxx 1)"
    )
