#!/usr/bin/env bash
# NIST's sclite (SCTK 2.4.10, Debian's sctk): two phones of X-SAMPA are no phones in a trn file, and nobody says so.
#
# A transcript of phones has `@` for a schwa and `{` for the vowel of "cat". In trn files sclite takes `@` for a word that
# is empty, so a schwa that was deleted is no error and one that was inserted neither; `{` begins alternatives, and
# everything that follows it in its utterance is gone from the reference and the score. Exit code 0, no warning: the error
# rate is of fewer phones than were said, and too good. `}`, `?` and `@` within a longer phone are phones.
#
# Seen, correct, substituted, deleted and inserted phones of utterances in which nothing of four phones was heard but the
# first: "with e: 1 0 3 0", "with @: 1 0 2 0", "with {: 1 0 0 0", "with }: 1 0 3 0".
# Exit code 1 says that this has changed.
#
#     findings/sclite_eats_schwas.sh        needs Debian 12 (its packages, and apt-get), some seconds
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
apt-get download --quiet --quiet sctk=2.4.10-20151007-1312Z+dfsg2-3.1
dpkg-deb --extract sctk_*.deb .
sclite=$(find . -type f -name sclite -path '*bin*')

# counts PHONE: correct, substituted, deleted and inserted phones where PHONE is the second of four.
counts() {
    echo "k $1 t s (a-1)" >ref.trn
    echo "k (a-1)" >hyp.trn
    "${sclite}" -s -i rm -r ref.trn trn -h hyp.trn trn -o pralign stdout | sed -n 's/^Scores: (#C #S #D #I) //p'
}

found=""
for phone in e @ '{' '}'; do
    line="with ${phone}: $(counts "${phone}")"
    echo "${line}"
    found+="${line}|"
done
[ "${found}" = "with e: 1 0 3 0|with @: 1 0 2 0|with {: 1 0 0 0|with }: 1 0 3 0|" ]
