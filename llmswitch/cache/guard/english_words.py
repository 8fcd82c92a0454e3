"""The English lexicon of the guard: what is politeness, what changes the meaning, and what is another word for what.

Each table is text, one entry a line, so that it can be read and mended by somebody who reads no Python.
"""

from __future__ import annotations

from functools import cache


def words(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


_SYNONYMS = """
find search locate look seek
directory folder dir
subdirectory subfolder subdir
delete remove erase
create make generate
show display
begin start commence
end finish
buy purchase
big large
small little
fast quick rapid speedy
quickly rapidly
hard difficult demanding challenging tough
easy simple
class course
teacher instructor professor lecturer prof
teach instruct
student pupil
offer available
requirement prerequisite req
fulfill satisfy meet fulfil
term semester
repair fix
error exception
bug defect
function func
method
parameter argument param arg
variable var
string str
integer int
boolean bool
character char
regex regexp
config configuration
repository repo
database db
image picture photo
documentation doc
application app
administrator admin
information info
message msg
command cmd
environment env
maximum max
minimum min
average mean
approximately about roughly
recursively recursive
line row
key-value keyvalue
email e-mail mail
website site
webpage page
picture photo
car automobile
doctor physician
movie film
child kid
help assist
receive get obtain
need require necessary mandatory
choose select pick
answer reply response
stop halt
happen occur
refund reimburse reimbursement
cash money
expense fee charge cost price
broken damaged
cancel call-off
lost missing
allow permit let
use utilize employ
contain include have
write compose
explain describe clarify
pathname path
name named call called title titled
difference differ distinction
advantage benefit pro
disadvantage drawback con
second sec
minute min
hour hr
kilobyte kb kib
megabyte mb mib
gigabyte gb gib
kilometer km
centimeter cm
millimeter mm
kilogram kg
inch in.
ordinary normal regular
uppercase capital
safe secure
correct right
wrong incorrect
rename
entire whole complete
mobile cell cellphone
phone telephone
holiday vacation
mum mom mother
dad father
he him his himself
she her hers herself
they them their theirs themselves
javascript js
typescript ts
python py
kubernetes k8s
postgresql postgres
golang go-lang
"""

_SOFT = """
error fault
error problem
error issue
problem issue
number amount
"""
"""Pairs that may stand for each other, though a third word that one of them pairs with may not."""

_SOFT_COMMANDS = """
find list
list show
print show
output show
output print
list give
list name
find get
show tell
explain tell
view show
view see
see show
write create
write make
write build
write implement
build make
build implement
build create
change modify
change alter
modify alter
change edit
modify edit
convert transform
convert translate
convert change
copy duplicate
update upgrade
start launch
run execute
get download
search grep
count calculate
"""
"""The same for the verb that a request begins with."""

_VERBS = """
be do have take get make give find see use need want know go come become keep let begin start stop seem help show hear play run
move live believe bring happen write provide sit stand lose pay meet include continue learn lead understand watch follow
create speak read allow add spend grow open walk win offer remember love consider appear buy wait serve die send expect build
stay fall cut reach kill remain suggest raise pass sell require decide pull fulfill satisfy complete enroll teach attend choose
explain describe detect remove delete replace convert merge parse install deploy implement call fetch handle prevent avoid
ensure check verify compare calculate compute improve reduce increase decrease enable disable configure access connect store
save load rename execute display solve debug optimize determine iterate generate
"""

_IRREGULAR = """
take took taken
give gave given
get got gotten
go went gone
make made
find found
write wrote written
run ran
begin began begun
teach taught
buy bought
bring brought
think thought
send sent
spend spent
build built
keep kept
lose lost
leave left
meet met
pay paid
say said
tell told
see saw seen
know knew known
choose chose chosen
break broke broken
speak spoke spoken
steal stole stolen
drive drove driven
eat ate eaten
fall fell fallen
forget forgot forgotten
hide hid hidden
hold held
understand understood
sell sold
show shown
withdraw withdrew withdrawn
become became
do did done
child children
person people
man men
woman women
override overrode overridden
set sets
draw drew drawn
throw threw thrown
grow grew grown
wear wore worn
fly flew flown
win won
catch caught
feed fed
lead led
rise rose risen
datum data
index indices
leaf leaves
mouse mice
foot feet
"""

_POLITE = """
please
kindly
pls
plz
hi
hello
hey
thanks
thank you
thanks in advance
many thanks
can you
could you
would you
will you
can u
could u
can you please
i 'd be grateful if you could
i would be grateful if you could
i 'd appreciate it if you could
i would appreciate it if you could
it would be great if you could
could you please
would you please
would you mind
do you mind
would you be able to
are you able to
is it possible for you to
i want you to
i need you to
i would like you to
i 'd like you to
i want to
i wanna
i 'd like to
i would like to
i need to
i need
i want
i am trying to
i 'm trying to
i was wondering if you could
i was wondering
i wonder
i am looking for
i 'm looking for
help me
help me to
help me out
give me
show me
tell me
tell me if
tell me whether
let me know if
let me know whether
let me know
do you know if
can you tell me if
could you tell me if
i want to know if
i would like to know if
i wonder if
i was wondering if
let me see
let 's see
let 's see
i 'd like to know
i want to know
i need to know
i would like to know
do you know
can you tell me
could you tell me
would you tell me
do you happen to know
any idea
can i get
could i get
may i have
can i have
can i see
can i ask
just
so
well
ok
okay
sorry
excuse me
quick question
question
actually
basically
simply
also
as well
too
"""
"""Dropped wherever a request begins; single words of it anywhere."""

EVERY_WHEN = """
second minute hour day week month quarter year morning evening night weekday weekend monday tuesday wednesday thursday friday
saturday sunday time other
"""
"""After "every" these are a rhythm, and not all there are."""

_FILLERS = """
a an the this that these those there here
am is are be been being 's 're
do does
have has having 've
i me my mine myself we our us
you your
it its
to
which what
can could able possible possibly may might
would
exist existing
currently now
please kindly just actually basically simply really very quite also too then
thing things
ones
'd
whose
such
but although though however

"""

_ROLES = """
from: from
to: to into onto toward towards
by: by
than: than
before: before prior-to
after: after following
until: until till
since: since
between: between
against: against
as: as
except: except excluding besides except-for
instead: instead-of rather-than
over: over above beyond
under: under below beneath underneath
via: using via with through
at: in inside within on at throughout across among during
about: about regarding concerning
for: for
of: of
without: without
behind: behind
because: because due-to
unless: unless
if: if whether
while: while
upto: up-to
like: like
"""

_MARKS = """
all: all each every everything everyone
some: some
any: any anything anyone
not: not n't no non never neither nor none nobody nothing nowhere cannot hardly barely
only: only solely exclusively merely
more: more greater bigger larger higher longer
less: less fewer smaller lower shorter
most: most
least: least
both: both
either: either
half: half
many: many lot lots
few: few little
other: other another else
same: same
should: should ought
must: must
ago: ago
past: was were did had used-to
future: will shall 'll
first: first
last: last
next: next
previous: previous prior
twice: twice
again: again
still: still
already: already
yet: yet
always: always
sometimes: sometimes
often: often frequently
rarely: rarely seldom
too: too
enough: enough
even: even
almost: almost nearly
how: how
why: why
when: when whenever
where: where
who: who
whom: whom
count: how-many number-of
howmuch: how-much
howlong: how-long
atleast: at-least
atmost: at-most no-more-than
exactly: exactly
together: together simultaneously
"""

_PHRASES = """
prior to = prior-to
except for = except-for
everything but = except-for
everyone but = except-for
anything but = except-for
all but = except-for
according to = think by
other than = except-for
apart from = except-for
aside from = except-for
instead of = instead-of
rather than = rather-than
due to = due-to
up to = up-to
at least = at-least
no less than = at-least
at most = at-most
no more than = at-most
used to = used-to
use to = used-to
how many = how-many
total number of = number-of
the number of = number-of
number of = number-of
how much = how-much
how long = how-long
how come = why
for what reason = why
what is the reason = why
the reason = why
how do i = how
how do you = how
how do we = how
how does one = how
how can i = how
how can we = how
how can you = how
how could i = how
how would i = how
how would you = how
how should i = how
how to = how
how might i = how
how am i able to = how
how do i go about = how
how can i go about = how
what is the way to = how
what's the way to = how
what is the best way to = how
what's the best way to = how
what is a good way to = how
best way to = how
the way to = how
a way to = how
any way to = how
the steps to = how
what do i need to do to = how
what do i have to do to = how
what should i do to = how
is there a way to = how
is there any way to = how
explain how to = how
describe how to = how
teach me how to = how
at what time = when
what time = when
what date = when
what day = when
in which place = where
who all = who
have to = must
has to = must
need to = must
needs to = must
required to = must
need for = must
at the same time = together
in total = total
for me = me
for us = us
a number of = some
possible to = can
able to = can
supposed to = should
going to = will
gonna = will
in order to = to
so that = to
as well as = and
set up = setup
log in = login
sign in = login
sign up = signup
log out = logout
look for = find
search for = find
get rid of = delete
carry out = run
each of = each
all of = all
lots of = many
a lot of = many
working directory = directory
present working directory = current directory
current working directory = current directory
file system = filesystem
lower case = lowercase
upper case = uppercase
sub directory = subdirectory
sub directories = subdirectory
sub folder = subdirectory
sub folders = subdirectory
command line = commandline
data base = database
web site = website
e mail = email
what is = what
what's = what
what are = what
which are = what
which ones = what
"""

_CONTRACTIONS = {
    "n't": "not",
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "",
    "gimme": "give me",
    "wanna": "want to",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "cant": "can not",
    "whats": "what is",
    "im": "i am",
    "ive": "i have",
}
"""Whole words that are several; any other n't becomes "not", and 's after a question word "is"."""

_COUNTING = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
NUMBERS = {word: str(value) for value, word in enumerate(_COUNTING.split()) if word != "one"} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
    "dozen": "12",
}

SYMMETRIC = words(
    """
    married marry engaged date dating close connect connected acquaintance acquainted roommate twin classmate ally friend
    sibling related relate same different similar equal equivalent identical near adjacent neighbor cousin colleague partner
    """
)
"""Relations whose two sides may change places."""

LISTS = frozenset(("and", "or", ",", "/", "&", "nor"))
ORDERED = frozenset(("respectively", "then", "first", "before", "after", "followed", "next"))
"""Words that make the order of a list matter."""


def contraction(word: str) -> str:
    """What `word` (lower case) stands for, or the word."""
    return _CONTRACTIONS.get(word, word)


@cache
def synonyms() -> dict[str, str]:
    """Word → the name of its group."""
    return {word: words[0] for line in reversed(_SYNONYMS.split("\n")) if (words := line.split()) for word in words}


@cache
def soft_pairs() -> frozenset[frozenset[str]]:
    """Pairs of concepts that may stand for each other."""
    return _pairs(_SOFT)


@cache
def soft_commands() -> frozenset[frozenset[str]]:
    """Pairs of concepts that may stand for each other as the verb that a request begins with."""
    return _pairs(_SOFT_COMMANDS)


def _pairs(table: str) -> frozenset[frozenset[str]]:
    groups = synonyms()
    return frozenset(
        frozenset(groups.get(word, word) for word in line.split()) for line in table.split("\n") if line.strip()
    )


@cache
def irregular() -> dict[str, str]:
    """Inflected form → base."""
    return {form: words[0] for line in _IRREGULAR.split("\n") if (words := line.split()) for form in words[1:]}


@cache
def polite() -> frozenset[tuple[str, ...]]:
    """Openings that ask without adding to what is asked."""
    return frozenset(tuple(line.split()) for line in _POLITE.split("\n") if line)


@cache
def first_polite() -> frozenset[str]:
    """Words that such an opening may begin with."""
    return frozenset(words_[0] for words_ in polite())


@cache
def first_of_phrases() -> frozenset[str]:
    """Words that a phrase may begin with."""
    return frozenset(words_[0] for words_ in phrases())


@cache
def verbs() -> frozenset[str]:
    """Verbs after which "to" is no direction."""
    return words(_VERBS)


@cache
def fillers() -> frozenset[str]:
    """Words without which the question stays the same."""
    return frozenset(_FILLERS.split())


@cache
def roles() -> dict[str, str]:
    """Preposition → relation."""
    return _keyed(_ROLES)


@cache
def marks() -> dict[str, str]:
    """Word → the mark it leaves."""
    return _keyed(_MARKS)


@cache
def phrases() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Several words → what they stand for."""
    split = (line.split(" = ") for line in _PHRASES.split("\n") if line)
    return {tuple(left.split()): tuple(right.split()) for left, right in split}


def _keyed(table: str) -> dict[str, str]:
    split = (line.split(": ") for line in table.split("\n") if line)
    return {word: key for key, words in split for word in words.split()}
