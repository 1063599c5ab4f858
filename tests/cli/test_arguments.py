"""Whose word is it: options that are ours, the program's, or nobody's; and numbers in options."""

from __future__ import annotations

import math
from pathlib import Path

import click
import pytest
from cli.commands import check_error, run
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect._forms import Integer, Seconds
from wasmdialect.api.store import MAX_FUEL
from wasmdialect.cli.arguments import divide, probably_meant
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.run_command import command as run_command

OPTIONS = {
    name: not option.is_flag
    for option in run_command.params
    if isinstance(option, click.Option)
    for name in (*option.opts, *option.secondary_opts)
}
ECHO = Path(__file__).parents[2] / "examples" / "wasi.wasm"


@pytest.mark.parametrize(
    ("line", "ours", "programs"),
    [
        ("f.wasm", "", "f.wasm"),
        ("-", "", "-"),
        ("f.wasm -e code", "", "f.wasm -e code"),
        ("f.wasm -v --file x --number=3", "", "f.wasm -v --file x --number=3"),
        ("f.wasm -lp x", "", "f.wasm -lp x"),
        ("f.wasm -5 - -x", "", "f.wasm -5 - -x"),
        ("f.wasm a --dir . b", "--dir .", "f.wasm a b"),
        ("-O0 f.wasm -O 3", "-O0 -O 3", "f.wasm"),
        ("f.wasm --bounds=explicit", "--bounds=explicit", "f.wasm"),
        ("f.wasm --fuel -5", "--fuel -5", "f.wasm"),
        ("f.wasm -- --bounds explicit -- -O0", "", "f.wasm --bounds explicit -- -O0"),
        ("-- f.wasm --bouds explicit", "", "f.wasm --bouds explicit"),
        ("f.wat --invoke f -5 -0x1p3 -.5 -inf -NaN", "--invoke f", "f.wat -5 -0x1p3 -.5 -inf -NaN"),
        ("f.wat --invoke f 3 --debug", "--invoke f --debug", "f.wat 3"),
        ("f.wat --invoke f -- -x", "--invoke f", "f.wat -x"),
        ("f.wasm --no-cache x", "--no-cache", "f.wasm x"),
    ],
)
def test_whose_words(line: str, ours: str, programs: str):
    assert divide(line.split(), OPTIONS) == (ours.split(), programs.split())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "f.wasm --bouds explicit Ann",
            "--bouds; did you mean --bounds? The program's own options",
        ),
        ("f.wasm --Bounds explicit", "did you mean --bounds?"),
        ("f.wasm --bouds=explicit", "no such option: --bouds; did you mean --bounds?"),
        ("f.wasm --inv f", "did you mean --invoke?"),
        ("f.wasm --max-stack 5", "did you mean --max-wasm-stack?"),
        ("f.wasm --time-out 5", "did you mean --timeout?"),
        ("f.wasm -invoke f", "did you mean --invoke?"),
        ("--color f.wasm", "no such option: --color"),
        ("-x f.wasm", "no such option: -x"),
        ("-5", "no such option: -5"),
        ("f.wat --invoke f -e", "no such option: -e"),
        ("f.wat -e --invoke f", "no such option: -e"),
        ("f.wat --invoke", "option --invoke needs a value"),
        ("f.wat --fuel -- x", "option --fuel needs a value"),
    ],
)
def test_nobodys_words(line: str, message: str):
    with pytest.raises(UsageError) as caught:
        divide(line.split(), OPTIONS)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


WORDS = st.lists(
    st.one_of(
        st.sampled_from([*OPTIONS, "--", "-", "-5", "x", "--bouds", "-e", "--invoke=f", ""]),
        st.text("-abc=5", max_size=6),
    )
)


@given(WORDS)
def test_no_word_vanishes(words: list[str]):
    """Each is ours or the program's, in its order, but the `--` between them."""
    try:
        ours, programs = divide(words, OPTIONS)
    except UsageError:
        return
    left = [*ours], [*programs]
    separators = 0
    for word in words:
        side = next((side for side in left if side and side[0] == word), None)
        if side is None:
            assert word == "--"
            separators += 1
        else:
            side.pop(0)
    assert left == ([], [])
    assert separators <= 1


@given(st.sampled_from([name for name in OPTIONS if len(name) > 5]), st.data())
def test_a_slip_of_the_finger_is_near(option: str, data: st.DataObject):
    """One letter left out, doubled, exchanged with the next or in the wrong case."""
    at = data.draw(st.integers(2, len(option) - 2))
    slip = data.draw(
        st.sampled_from(
            [
                option[:at] + option[at + 1 :],
                option[:at] + option[at] + option[at:],
                option[:at] + option[at + 1] + option[at] + option[at + 2 :],
                option[:at] + option[at:].upper(),
            ]
        )
    )
    assert slip in OPTIONS or probably_meant(slip, OPTIONS) is not None


def test_a_misspelt_option_is_not_an_argument_of_the_program(tmp_path: Path):
    done = run(tmp_path, "wasmdialect", "run", ECHO, "--bouds", "explicit", "Ann")
    check_error(done, 2, "no such option: --bouds; did you mean --bounds?")


# --- numbers ---

GARBAGE = ["", " ", "x", "nan", "inf", "-inf", "1e300", "٣", "²", "1_000", "0x10", "9" * 5000, "-"]


def converted(type_: click.ParamType, text: str) -> float | None:
    try:
        return type_.convert(text, None, None)
    except click.BadParameter as error:
        assert "\n" not in error.message
        assert len(error.message) < 200
        return None


@given(st.one_of(st.sampled_from(GARBAGE), st.integers().map(str), st.text()))
def test_integers_are_in_their_range_or_refused(text: str):
    for form in (Integer(0, 1024), Integer(0, MAX_FUEL), Integer(1, 4096)):
        number = converted(Number(form), text)
        if number is None:
            digits = text.lstrip("+-")
            assert not (
                digits.isdecimal()
                and digits.isascii()
                and len(text) - len(digits) <= 1
                and len(digits) < 20
                and form.low <= int(text) <= form.high
            )
        else:
            assert form.low <= number <= form.high
            assert text.isascii()


@given(st.one_of(st.sampled_from(GARBAGE), st.floats().map(repr), st.text()))
def test_a_time_is_a_limit_or_refused(text: str):
    number = converted(Number(Seconds()), text)
    if number is None:
        assert not (text.isascii() and text.isdecimal() and 0 < int(text[:30]) <= 1e9)
    else:
        assert math.isfinite(number)
        assert 0 < number <= Seconds().high


@pytest.mark.parametrize("time", ["inf", "nan", "1e300", "-1", "0", "1e-400", "", "٣"])
def test_a_timeout_that_is_no_limit_is_an_error(tmp_path: Path, time: str):
    from wasmdialect.cli.main import run as run_line

    assert run_line(["run", str(ECHO), "--timeout", time]) == 2
