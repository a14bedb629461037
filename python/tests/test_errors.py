"""What the program refuses is an exception with its words, and never with a token."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import aep_auth
from aep_auth import _ask, _errors

if TYPE_CHECKING:
    from conftest import World

MARK = "eyJtYXJrZXI.of.this-test"


def everything(error: BaseException) -> str:
    """An error as the worst of crash reporters writes it: with causes, contexts, what they hold and all variables.

    The test's own frame is left out; it knows the mark.
    """
    assert error.__traceback__ is not None
    inner = error.with_traceback(error.__traceback__.tb_next)
    told = "".join(traceback.TracebackException.from_exception(inner, capture_locals=True).format())
    return told + _all_that_is_held(inner)


def _all_that_is_held(error: BaseException | None) -> str:
    """A parser's error has the text beside its words; as ``str``, since the ``repr`` of a token is masked."""
    if error is None:
        return ""
    held = "".join(str(getattr(error, name)) for name in dir(error) if not name.startswith("__"))
    return repr(error) + held + _all_that_is_held(error.__cause__) + _all_that_is_held(error.__context__)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, aep_auth.FaultError),
        (2, aep_auth.UsageError),
        (3, aep_auth.ConfigurationError),
        (4, aep_auth.RefusedError),
        (5, aep_auth.UnreachableError),
        (6, aep_auth.StorageError),
        (99, aep_auth.FaultError),
    ],
)
def test_each_exit_code_is_a_class_with_the_words_and_the_cure(fake: Any, code: int, kind: type) -> None:
    fake(f"echo 'error: what is wrong' >&2; echo 'hint: aep-auth doctor' >&2; exit {code}")
    with pytest.raises(aep_auth.Error) as caught:
        aep_auth.token()
    error = caught.value
    assert type(error) is kind
    assert (error.message, error.hint, error.exit_code) == ("what is wrong", "aep-auth doctor", code)
    assert str(error) == "what is wrong\nhint: aep-auth doctor"
    # To another process and back.
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.args) == (kind, error.args)


def test_an_error_without_words_says_how_the_program_ended(fake: Any) -> None:
    fake("exit 7")
    with pytest.raises(aep_auth.FaultError, match=r"^aep-auth ended with 7$"):
        aep_auth.token()
    fake("kill -9 $$")
    with pytest.raises(aep_auth.FaultError, match=r"^aep-auth was ended by signal 9$"):
        aep_auth.token()


def test_what_is_told_besides_goes_to_standard_error(fake: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fake("echo 'warning: a key is unknown' >&2; echo t")
    assert aep_auth.token() == "t"
    assert capsys.readouterr() == ("", "warning: a key is unknown\n")
    fake("echo 'warning: a key is unknown' >&2; echo 'error: a\n  b' >&2; exit 3")
    with pytest.raises(aep_auth.ConfigurationError, match=r"^a\n  b$"):
        aep_auth.token()
    assert capsys.readouterr().err == "warning: a key is unknown\n"


def test_silence_stays_silent(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    aep_auth.token()
    assert capsys.readouterr() == ("", "")


def test_no_profile_is_said_with_the_cure(world: World) -> None:
    with pytest.raises(aep_auth.ConfigurationError) as caught:
        aep_auth.token("nowhere")
    assert "nowhere" in caught.value.message
    assert caught.value.hint is not None


def test_a_wrong_argument_is_said_without_the_programs_usage(world: World) -> None:
    with pytest.raises(aep_auth.UsageError) as caught:
        aep_auth.token(min_valid="soon")
    assert "soon" in caught.value.message
    assert "Usage" not in str(caught.value)


def test_a_refusal_by_ims_has_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEP_CLIENT_SECRET", "p8e-wrong-wrong-wrong")
    with pytest.raises(aep_auth.RefusedError, match=r"invalid_client") as caught:
        aep_auth.token()
    assert "p8e-wrong" not in everything(caught.value)


def test_an_ims_that_is_not_there_is_unreachable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEP_IMS_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AEP_TIMEOUT", "1")
    with pytest.raises(aep_auth.UnreachableError):
        aep_auth.token()


@pytest.mark.parametrize("answer", [f"[{MARK}", f'"{MARK}"', MARK, ""])
def test_an_answer_that_is_none_is_not_shown(fake: Any, answer: str) -> None:
    fake(f"printf %s '{answer}'")
    with pytest.raises(aep_auth.FaultError) as caught:
        aep_auth.headers()
    assert MARK not in everything(caught.value)


@pytest.mark.parametrize("script", ["cat >/dev/null; echo 'error: no' >&2; exit 4", "exit 5"])
def test_a_refused_token_is_in_no_traceback(fake: Any, script: str) -> None:
    fake(script)
    with pytest.raises(aep_auth.Error) as caught:
        _ask.renewed_token(aep_auth.Secret(MARK), None)
    assert MARK not in everything(caught.value)


def test_nor_where_the_program_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aep_auth._program.PATH", "/nowhere/aep-auth")
    with pytest.raises(aep_auth.ConfigurationError, match="/nowhere/aep-auth cannot be run: no such file") as caught:
        _ask.renewed_token(aep_auth.Secret(MARK), None)
    assert MARK not in everything(caught.value)


def test_the_watch_on_tracebacks_sees_what_is_there() -> None:
    def leak(token: str) -> None:
        raise _errors.Error("no")

    with pytest.raises(_errors.Error) as caught:
        leak(MARK)
    assert MARK in everything(caught.value)
