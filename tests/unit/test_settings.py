"""One file and the environment become settings, or lines that say where and what to write instead."""

from pathlib import Path

import pytest

from orchestrator.errors import NotFound, Permanent
from orchestrator.settings import ForwardedHook, InvalidSettings, Repository, Settings, find, init, load, render, served
from orchestrator.settings.model import RuntimeName
from orchestrator.settings.sections import Format, Level, Protocol

HOME = {"XDG_STATE_HOME": "/home/ann/.state", "XDG_RUNTIME_DIR": "/run/user/7"}
SHIPPED = Path(__file__).parents[2] / "config" / "anabranch.yaml"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("anabranch.yaml")


def mistakes(file: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    file.write_text(text)
    with pytest.raises(InvalidSettings) as caught:
        load(file, environ or {})
    return caught.value.lines


def test_an_empty_file_gives_every_default(file: Path) -> None:
    file.write_text("")
    settings = load(file, HOME)
    assert settings.baseline == "main"
    assert settings.polling.interval == 120
    assert settings.git.protocols == (Protocol.HTTPS, Protocol.SSH)
    assert (settings.log.level, settings.log.format) == (Level.INFO, Format.AUTO)


def test_what_the_file_says_wins_over_the_default(file: Path) -> None:
    file.write_text(
        "repositories:\n- {name: web, url: https://git.example/web.git, score: [a/score.yaml, b/*/score.yaml]}\n"
        "runtime: memory\nprocess: {ports: [30000, 30100]}\nbranches: {exclude: ['renovate/*']}\n"
    )
    settings = load(file, HOME)
    assert settings.repositories[0].score == ("a/score.yaml", "b/*/score.yaml")
    assert (settings.runtime, settings.process.ports) == (RuntimeName.MEMORY, (30000, 30100))
    assert settings.branches.exclude == ("renovate/*",)


def test_settings_cannot_be_changed_after_they_were_read(file: Path) -> None:
    file.write_text("")
    with pytest.raises(ValueError, match="frozen"):
        load(file, HOME).polling.interval = 1  # type: ignore[misc]


def test_a_key_without_a_value_counts_as_left_out(file: Path) -> None:
    file.write_text("repositories:\npolling:\n  interval:\n")
    assert load(file, HOME) == load_empty(file)


def load_empty(file: Path) -> Settings:
    file.write_text("")
    return load(file, HOME)


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(file: Path) -> None:
    assert mistakes(file, "baseline: main\n\nrepositores: []\n") == (
        'anabranch.yaml:3: unknown key "repositores"; did you mean repositories?',
    )


def test_an_unknown_key_within_a_section_is_compared_with_that_section(file: Path) -> None:
    text = "polling:\n  intervall: 5\nrepositories:\n- name: web\n  urll: https://git.example/web.git\n"
    assert mistakes(file, text) == (
        'anabranch.yaml:2: polling: unknown key "intervall"; did you mean interval?',
        "anabranch.yaml:4: repositories[0].url: is missing; add it",
        'anabranch.yaml:5: repositories[0]: unknown key "urll"; did you mean url?',
    )


def test_the_first_of_several_mistakes_stands_for_all_of_them(file: Path) -> None:
    file.write_text("baselin: x\npollin: y\n")
    with pytest.raises(InvalidSettings, match=r"^anabranch.yaml:1: .*baseline\? \(1 more\)$"):
        load(file, {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("baseline: 5", "1: baseline: quote this value, it is not text"),
        ("baseline: default", "1: baseline: "),
        ("polling: {interval: soon}", "1: polling.interval: write a number"),
        ("polling: {interval: 0}", "1: polling.interval: write a number above 0"),
        ("removal_grace: -1", "1: removal_grace: write 0 or more"),
        ("polling: 5", "1: polling: write keys and values below it"),
        ("repositories: web", "1: repositories: write a list, such as [a, b]"),
        ("process: {allow_root: 7}", "1: process.allow_root: write true or false"),
        ("process: {ports: [80, 90]}", "1: process.ports[0]: write 1024 or more"),
        ("process: {ports: [20000]}", "1: process.ports[1]: is missing; add it"),
        ("process: {ports: [30000, 20000]}", "1: process.ports: write the first port, then the last"),
        ("limits: {services_per_branch: 1.5}", "1: limits.services_per_branch: write a whole number"),
        ("limits: {score_bytes: 1048576}", "1: limits.score_bytes: write 65536 or less"),
        ("runtime: docker", "1: runtime: write 'process', 'memory' or 'kubernetes'"),
        ("kubernetes: {reaches: [ten]}", "1: kubernetes.reaches[0]: write a network such as 10.20.0.0/16"),
        ("git: {protocols: []}", "1: git.protocols: give 1 or more"),
        ("branches: {include: ['']}", "1: branches.include[0]: branch pattern"),
        ("forwarder: {address: nowhere}", "1: forwarder.address: write HOST:PORT, such as 127.0.0.1:8080"),
        ("hints: {address: '0.0.0.0:70000'}", "1: hints.address: write HOST:PORT"),
        ("hints: {address: '0.0.0.0:7000'}", "1: hints.token_file: an open address needs one"),
        ("forwarder: {daemon: {url: 'http://d:1'}}", "1: forwarder.daemon.token_file: a url needs one"),
        ("forwarder: {daemon: {url: 'd:1', token_file: t}}", "1: forwarder.daemon.url: write http://host:port"),
        ("forwarder: {daemon: {url: 'http://d:1', token_file: t, socket: s}}", "1: forwarder.daemon.socket: there is"),
        (f"api: {{socket: /{'x' * 100}}}", "1: api.socket: the path of a socket has at most 100 bytes"),
        ("log: {level: loud}", "1: log.level: write 'debug', 'info', 'warning' or 'error'"),
        ("- a\n- b", " no settings in there"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_to_write(file: Path, text: str, line: str) -> None:
    file.write_text(text)
    with pytest.raises(Permanent) as caught:
        load(file, {})
    assert str(caught.value).startswith(f"anabranch.yaml:{line}")


@pytest.mark.parametrize(
    ("repository", "complaint"),
    [
        ("{name: Web, url: https://git.example/web.git}", "name: write 1 to 63 lower-case letters"),
        ("{name: ../web, url: https://git.example/web.git}", "name: write 1 to 63 lower-case letters"),
        ("{name: web, url: 'ext::sh -c id'}", "url: git URL"),
        ("{name: web, url: /srv/git/web}", "protocol file is not in git.protocols (https, ssh)"),
        ("{name: web, url: https://git.example/web.git, score: [../score.yaml]}", "score[0]: write a path inside"),
        ("{name: web, url: https://git.example/web.git, score: [/score.yaml]}", "score[0]: write a path inside"),
        ("{name: web, url: https://git.example/web.git, score: []}", "score: give 1 or more"),
    ],
)
def test_a_repository_that_cannot_be_is_refused(file: Path, repository: str, complaint: str) -> None:
    (line,) = mistakes(file, f"repositories:\n- {repository}\n")
    assert line.startswith("anabranch.yaml:2: repositories[0].")
    assert complaint in line


def test_a_password_in_a_url_is_refused_without_showing_it(file: Path) -> None:
    text = "git: {token_file: t}\nrepositories:\n"
    text += "- {name: web, url: 'https://ann:hunter2@git.example/web.git'}\n- {name: app, url: https://b.example/a}\n"
    told = "\n".join(mistakes(file, text))
    assert "repositories[0].url" in told
    assert "hunter2" not in told


def test_two_repositories_of_one_name_are_refused(file: Path) -> None:
    text = "repositories:\n- {name: web, url: https://git.example/a}\n- {name: web, url: https://git.example/b}\n"
    assert mistakes(file, text) == (
        "anabranch.yaml:3: repositories[1].name: web is there twice; give each its own name",
    )


def test_one_token_for_two_hosts_is_refused(file: Path) -> None:
    text = "repositories:\n- {name: web, url: https://a.example/a}\n- {name: app, url: https://b.example/b}\n"
    assert "several hosts (a.example, b.example)" in mistakes(file, f"{text}git: {{token_file: token}}\n")[0]
    file.write_text(text.replace("b.example", "A.example") + "git: {token_file: token}\n")
    assert load(file, {}).git.token_file == Path("token").absolute()


def test_a_hook_for_an_unknown_repository_is_refused_with_the_nearest(file: Path) -> None:
    text = "repositories:\n- {name: web, url: https://git.example/web.git}\nforwarder:\n  hooks:\n"
    text += "  - name: web\n    provider: github\n    secret_files: [s]\n    repositories:\n      example/web: wab\n"
    assert mistakes(file, text) == (
        'anabranch.yaml:9: forwarder.hooks[0].repositories.example/web: no repository "wab"; did you mean web?',
    )
    assert "is no known git host" in mistakes(file, text.replace("github", "githop"))[0]


@pytest.mark.parametrize(
    ("provider", "login", "complaint"),
    [
        ("github", "header: X-Secret", "header: github sends none; remove it"),
        ("gitlab", "username: ada", "username: gitlab sends none; remove it"),
        ("bitbucket-server", "header: X-Secret", "header: bitbucket-server sends none; remove it"),
        ("azure-devops", "header: X-Secret, username: ada", "header: there is a username as well; remove one of them"),
        ("azure-devops", "header: 'X Secret'", "header: write the name of a header, such as X-Anabranch-Secret"),
        ("azure-devops", "username: 'a:b'", "username: write a user name; it cannot hold a colon"),
        ("github", "tags: 7", "tags: write true or false"),
    ],
)
def test_a_hook_with_a_login_that_its_host_does_not_have_is_refused(
    file: Path, provider: str, login: str, complaint: str
) -> None:
    hook = f"{{name: web, provider: {provider}, secret_files: [s], repositories: {{a/b: web}}, {login}}}"
    assert mistakes(file, f"forwarder:\n  hooks:\n  - {hook}\n") == (
        f"anabranch.yaml:3: forwarder.hooks[0].{complaint}",
    )


@pytest.mark.parametrize(
    ("provider", "login"),
    [("azure-devops", "header: X-Secret"), ("azure-devops", "username: ada"), ("bitbucket-server", "username: ada")],
)
def test_a_hook_says_how_its_host_sends_the_secret(file: Path, provider: str, login: str) -> None:
    hook = f"{{name: web, provider: {provider}, secret_files: [s], repositories: {{a/b: web}}, tags: true, {login}}}"
    file.write_text(f"forwarder:\n  hooks:\n  - {hook}\n")
    (read,) = load(file, {}).forwarder.hooks
    assert read.tags
    assert login in (f"header: {read.header}", f"username: {read.username}")


REPOSITORIES = """\
repositories:
- {name: web, url: https://git.example/acme/web.git}
- {name: site, url: https://mirror.example/acme/web.git}
- {name: app, url: git@git.example:Acme/app.git}
- {name: far, url: https://git.example/elsewhere/far.git}
"""


@pytest.mark.parametrize(
    ("hook", "complaint"),
    [
        ("provider: github", "repositories: name one or more, or the organisation whose hook it is"),
        ("provider: github, organisation: acme/", "organisation: write its name as in the names of its repositories"),
        ("provider: post-receive, organisation: acme", "organisation: post-receive is for one repository each"),
        ("provider: github, organisation: acme", "organisation: acme/web is both web and site; say below repositories"),
        ("provider: gitlab, organisation: '*'", "organisation: acme/web is both web and site; say below repositories"),
    ],
)
def test_a_hook_that_leaves_open_what_it_serves_is_refused(file: Path, hook: str, complaint: str) -> None:
    (told,) = mistakes(file, f"{REPOSITORIES}forwarder:\n  hooks:\n  - {{name: all, secret_files: [s], {hook}}}\n")
    assert told.startswith(f"anabranch.yaml:8: forwarder.hooks[0].{complaint}")


def test_the_hook_of_an_organisation_serves_its_repositories_by_their_urls_and_what_is_listed(file: Path) -> None:
    hook = "{name: all, secret_files: [s], provider: github, organisation: acme, repositories: {acme/web: site}}"
    file.write_text(f"{REPOSITORIES}forwarder:\n  hooks:\n  - {hook}\n")
    settings = load(file, {})
    (hook,) = settings.forwarder.hooks
    assert served(hook, settings.repositories) == {"acme/web": "site", "Acme/app": "app"}
    assert served(hook.model_copy(update={"organisation": ""}), settings.repositories) == {"acme/web": "site"}


def test_a_repository_with_a_wrong_url_is_the_only_mistake_that_it_makes(file: Path) -> None:
    hook = "{name: all, secret_files: [s], provider: github, organisation: acme}"
    text = REPOSITORIES.replace("https://git.example/acme", "ftp://git.example/acme")
    (told,) = mistakes(file, f"{text}forwarder:\n  hooks:\n  - {hook}\n")
    assert "git URL" in told


def test_a_line_never_shows_control_characters(file: Path) -> None:
    for text in ('"pol\\x1b[31mling": 1\n', '"pol\\u202Eling": 1\n'):
        file.write_text(text)
        with pytest.raises(Permanent) as caught:
            load(file, {})
        assert str(caught.value).isprintable()


def test_a_variable_wins_over_the_file(file: Path) -> None:
    file.write_text("polling: {interval: 60, jitter: 7}\n")
    environ = {
        "ANABRANCH_SETTINGS__POLLING__INTERVAL": "5",
        "ANABRANCH_SETTINGS__BASELINE": "trunk",
        "ANABRANCH_SETTINGS__REMOVAL_GRACE": "0.5",
        "ANABRANCH_SETTINGS__PROCESS__ALLOW_ROOT": "true",
        "ANABRANCH_SETTINGS__GIT__PROTOCOLS": "[file]",
        "ANABRANCH_SETTINGS__REPOSITORIES": "[{name: web, url: /srv/web}]",
    }
    settings = load(file, environ)
    assert (settings.polling.interval, settings.polling.jitter) == (5, 7)
    assert (settings.baseline, settings.removal_grace, settings.process.allow_root) == ("trunk", 0.5, True)
    assert settings.repositories == (Repository(name="web", url="/srv/web"),)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("POLING__INTERVAL", "5", 'unknown key "poling"; did you mean polling?'),
        ("POLLING__INTERVAL", "soon", "polling.interval: write a number"),
        ("BASELINE__NAME", "x", "baseline has no keys; set ANABRANCH_SETTINGS__BASELINE as a whole"),
        ("GIT__PROTOCOLS", "[https, ssh", ""),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(file: Path, name: str, text: str, line: str) -> None:
    file.write_text("baseline: main\n")
    with pytest.raises(Permanent) as caught:
        load(file, {f"ANABRANCH_SETTINGS__{name}": text})
    assert str(caught.value).startswith(f"ANABRANCH_SETTINGS__{name}")
    assert line in str(caught.value)


def test_paths_start_at_the_directory_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "anabranch.yaml"
    file.parent.mkdir()
    file.write_text("git: {token_file: secrets/token, ssh_key: /keys/id, known_hosts: ''}\nstate: ../state\n")
    settings = load(file, {})
    assert settings.git.token_file == tmp_path / "etc" / "secrets" / "token"
    assert (settings.git.ssh_key, settings.git.known_hosts) == (Path("/keys/id"), None)
    assert settings.state_directory.resolve() == tmp_path / "state"


@pytest.mark.parametrize(
    ("environ", "root", "state"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_STATE_HOME": "/x"}, True, "/var/lib/a"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/home/ann"}, True, "/x/anabranch"),
        ({"HOME": "/home/ann"}, False, "/home/ann/.local/state/anabranch"),
        ({"HOME": "/root"}, True, "/var/lib/anabranch"),
    ],
)
def test_the_state_directory_depends_on_who_runs_it(
    file: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], root: bool, state: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    file.write_text("")
    assert load(file, environ).state_directory == Path(state)


@pytest.mark.parametrize(
    ("environ", "socket"),
    [
        ({"ANABRANCH_SOCKET": "/tmp/a.sock", "XDG_RUNTIME_DIR": "/run/user/7"}, "/tmp/a.sock"),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/anabranch/api.sock"),
        ({}, "/run/anabranch/api.sock"),
    ],
)
def test_the_socket_is_where_the_command_line_looks_for_it(file: Path, environ: dict[str, str], socket: str) -> None:
    file.write_text("")
    assert load(file, environ).socket == Path(socket)


def test_a_file_is_looked_for_in_order(file: Path) -> None:
    other, named = Path("config/anabranch.yaml"), Path("named.yaml")
    assert find(None, {}) is None
    other.parent.mkdir()
    other.touch()
    assert find(None, {}) == other
    file.touch()
    assert find(None, {}) == file
    assert find(None, {"ANABRANCH_SETTINGS_FILE": str(other)}) == other
    assert find(named, {"ANABRANCH_SETTINGS_FILE": str(other)}) == named


def test_a_missing_file_says_how_to_write_one(file: Path) -> None:
    for given in (None, file):
        with pytest.raises(NotFound, match="write one: anabranch init --repository URL"):
            load(given, {})


def test_an_unreadable_file_is_named(file: Path) -> None:
    file.mkdir()
    with pytest.raises(Permanent, match=r"anabranch\.yaml: cannot be read: Is a directory"):
        load(file, {})


def test_the_rendered_defaults_read_back_as_the_defaults(file: Path) -> None:
    file.write_text(render(Settings()))
    assert load(file, HOME) == load_empty(file)


def test_rendered_settings_read_back_as_they_were(file: Path) -> None:
    hook = ForwardedHook(
        name="all", provider="github", secret_files=(Path("/s/1"), Path("/s/2")), repositories={"Ex/Web #1": "web"}
    )
    given = Settings(
        repositories=(
            Repository(name="web", url="https://git.example:8443/web.git", default_branch="yes", image="a/b:{commit}"),
            Repository(name="app", url="git@git.example:app.git", default_branch="5", score=("a b/*.yaml", "c.yaml")),
        ),
        baseline='it\'s "odd": # {0}',
        removal_grace=0.25,
        state=Path("/s/ü"),
        forwarder=Settings().forwarder.model_copy(update={"hooks": (hook,)}),
    )
    file.write_text(render(given))
    read = load(file, {})
    assert read.model_copy(update={"api": given.api}) == given


def test_every_setting_stands_in_the_rendered_file_with_its_description() -> None:
    text = render(Settings())
    for section in (Settings(), *(value for _, value in Settings() if hasattr(value, "model_fields_set"))):
        for name, field in type(section).model_fields.items():
            assert field.description, name
            assert f"# {field.description}" in text
            assert f"{name}:" in text


def test_the_shipped_file_is_the_rendered_defaults() -> None:
    assert SHIPPED.read_text() == render(Settings()), f"write render(Settings()) into {SHIPPED.name}"


def test_init_names_repositories_after_their_urls(file: Path) -> None:
    file.write_text(init(["https://git.example/team/Other_App.git", "git@git.example:web", "ssh://git@h.example/a/b/"]))
    assert [(r.name, r.url) for r in load(file, {}).repositories] == [
        ("other_app", "https://git.example/team/Other_App.git"),
        ("web", "git@git.example:web"),
        ("b", "ssh://git@h.example/a/b/"),
    ]


def test_init_allows_the_protocols_of_the_urls_that_it_was_given(file: Path) -> None:
    file.write_text(init(["/srv/git/web"]))
    assert load(file, {}).git.protocols == (Protocol.HTTPS, Protocol.SSH, Protocol.FILE)


@pytest.mark.parametrize("urls", [["https://a.example/web", "https://b.example/web"], ["ext::sh -c id"], ["-x"]])
def test_init_refuses_urls_that_cannot_be_used(urls: list[str]) -> None:
    with pytest.raises(Permanent):
        init(urls)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("multiprocTCPBase", "its actors are processes, which share no ports and unpickle what any peer sends"),
        ("simpleSystemBase", "it runs all actors in the thread of their caller, one blocks all"),
        ("multiproc", "its actors are processes, which share no ports and unpickle what any peer sends"),
        ("fast", "there is no such system base"),
    ],
)
def test_a_system_base_that_the_daemon_cannot_run_on_is_refused_with_the_reason(
    file: Path, base: str, reason: str
) -> None:
    assert mistakes(file, f"actors: {{base: {base}}}\n") == (f"anabranch.yaml:1: actors.base: {reason}; write engine",)
