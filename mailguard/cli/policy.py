"""mailguard policy: check, try, test, replay and format a policy before it is in force, and say how good its rules are.

Only `exceptions`, `quality` and `suggest` need settings, for what the ledger has. The work is in policy_checking,
policy_judging, policy_trials, policy_replay, policy_formatting, policy_quality and policy_exceptions, loaded only when
one of these runs: every other command would wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .diagnostics_text import Form
from .options import Json

app = typer.Typer(
    help="Check, try and test policies.",
    epilog="Example: mailguard policy try message.eml --explain",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE|DIR", help="The policy to judge by, instead of the one in the settings."),
]

FormOption = Annotated[
    Form, typer.Option("--format", metavar="text|json|github", help="github: annotations for a workflow of GitHub.")
]


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Files or folders; else the policy in force.")
    ] = None,
    as_json: Json = False,
    form: FormOption = Form.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 for warnings too.")] = False,
) -> None:
    """Say whether a policy is written correctly: errors as file:line:column, with the line and a suggestion.

    Warns, among other things, of each rule in force that no test in tests/ shows to stop something, or to let
    something pass.

    Example: mailguard policy check policies/
    """
    from . import policy_checking

    policy_checking.check(paths, Form.JSON if as_json else form, strict)


@app.command("try")
def try_(
    message: Annotated[Path, typer.Argument(metavar="MESSAGE.eml", help="The message as it would be submitted.")],
    policy: PolicyOption = None,
    mail_from: Annotated[
        str | None,
        typer.Option("--mail-from", metavar="A", help="The envelope's sender; else From. <> is the null path."),
    ] = None,
    rcpt: Annotated[
        list[str] | None, typer.Option("--rcpt", metavar="A", help="A recipient; repeat it. Else To, Cc and Bcc.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Judge as if it were this time (ISO 8601).")
    ] = None,
    explained: Annotated[bool, typer.Option("--explain", help="Show every condition and the value it found.")] = False,
    as_json: Json = False,
) -> None:
    """Say what would happen to a message, and why. Nothing is sent, and nothing is recorded.

    Example: mailguard policy try message.eml --mail-from jo@elmroad.example --explain
    """
    from . import policy_judging

    policy_judging.try_(message, policy, mail_from, rcpt, at, explained, as_json)


@app.command()
def test(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Files of tests; else tests/ beside the policy.")
    ] = None,
    policy: PolicyOption = None,
    as_json: Json = False,
    report: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML to this file too.")
    ] = None,
) -> None:
    """Judge the invented messages in policies/tests/ and compare what comes out with what is expected.

    Example: mailguard policy test policies/tests/default.yaml
    """
    from . import policy_trials

    policy_trials.test(paths, policy, as_json, report)


@app.command()
def fmt(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Files, folders, or - for stdin; else the policy.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 if a file would change.")] = False,
    form: FormOption = Form.TEXT,
) -> None:
    """Write policy files and their tests in one layout. Comments stay, and what they mean never changes.

    Example: mailguard policy fmt policies/ --check
    """
    from . import policy_formatting

    policy_formatting.fmt(paths, check, form)


Resume = Annotated[
    Path | None,
    typer.Option("--resume", metavar="FILE", help="Keep what was found in FILE, and go on from it where it is there."),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", min=1, max=256, help="Processes; else one for each processor.")
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="Holds the password for an imaps:// archive.")
]
Show = Annotated[bool, typer.Option("--show", help="Show who sent the messages that are listed, and their subjects.")]


@app.command()
def replay(
    archive: Annotated[
        str,
        typer.Argument(
            metavar="ARCHIVE",
            help="An mbox file, a Maildir, a folder of .eml files or one, imaps://USER@HOST/FOLDER, a ledger.",
        ),
    ],
    policy: PolicyOption = None,
    listed: Annotated[bool, typer.Option("--list", help="List each message that would not leave as it is.")] = False,
    show: Show = False,
    resume: Resume = None,
    jobs: Jobs = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Say what a policy would have done with the mail of an archive: what, why, how often, on which days.

    Nothing is sent, recorded or changed. Example: mailguard policy replay sent.mbox --policy policies/
    """
    from . import policy_replay

    options = policy_replay.Options(archive, resume, jobs, listed or show, show, as_json, password_file)
    policy_replay.replay(options, policy)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A policy: a file or a folder.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another one.")],
    on: Annotated[str, typer.Option("--on", metavar="ARCHIVE", help="The mail to judge: as for `policy replay`.")],
    show: Show = False,
    resume: Resume = None,
    jobs: Jobs = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """List the messages of an archive with which two policies do not do the same.

    Example: mailguard policy diff policies/ new-policies/ --on sent.mbox
    """
    from . import policy_replay

    policy_replay.diff(policy_replay.Options(on, resume, jobs, True, show, as_json, password_file), old, new)


@app.command()
def schema(
    tests: Annotated[bool, typer.Option("--tests", help="Of files of policy tests, in place of policies.")] = False,
) -> None:
    """Print the JSON Schema of policy files, or of their tests, for editors.

    Example: mailguard policy schema > policy.schema.json
    """
    from . import policy_judging

    policy_judging.schema(tests=tests)


Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="From this day on, as 2026-01-01; else the last 90 days.")
]


@app.command()
def quality(since: Since = None, as_json: Json = False) -> None:
    """Show what became of what each rule held: changed, stopped, or sent as it was; and what was called wrong.

    Example: mailguard policy quality --since 2026-09-01
    """
    from . import policy_quality

    policy_quality.quality(since, as_json)


@app.command()
def suggest(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The id of a rule of the policy in force.")],
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Show what other numbers would have made of what a rule held, and propose one. Nothing is changed.

    Example: mailguard policy suggest visible-list
    """
    from . import policy_quality

    policy_quality.suggest(rule, since, as_json)


@app.command()
def exceptions(as_json: Json = False) -> None:
    """List the exceptions of the policy in force: who answers for each, why, how long it holds still, and its uses.

    Example: mailguard policy exceptions --json
    """
    from . import policy_exceptions

    policy_exceptions.show(as_json)
