import json
import random

import pytest

from orchestrator.domain.score import InvalidScore, load
from orchestrator.domain.workload import (
    Container,
    File,
    HttpGet,
    Port,
    Probe,
    Resource,
    Variable,
    Volume,
    Workload,
)

MINIMAL = """apiVersion: score.dev/v1b1
metadata:
  name: web
containers:
  app:
    image: .
"""

FULL = """apiVersion: score.dev/v1b1
metadata:
  name: web
  team: {mail: team@example.com}
  anabranch: {}
service:
  ports:
    http: {port: 80, targetPort: 3000}
    admin: {port: 81, protocol: TCP}
containers:
  app:
    image: localhost:4000/repo/image:tag
    command: [python, -c]
    args: ["echo ${HOME} $$"]
    variables:
      API_URL: ${resources.app.url}
      MAIL: "${metadata.team.mail}"
      PRICE: $5
    files:
      /etc/app.conf:
        content: |
          api=${resources.app.host}
        mode: "0644"
      /etc/raw: {content: "${not.ours}", noExpand: true}
      /etc/key: {binaryContent: aGVsbG8=}
      /etc/page: {source: pages/index.html}
    volumes:
      /data: {source: data, path: sub, readOnly: true}
    resources:
      limits: {cpu: "2", memory: 1Gi}
      requests: {cpu: 125m}
    livenessProbe:
      exec: {command: [check, it]}
    readinessProbe:
      httpGet:
        path: /ready
        port: 3000
        scheme: HTTPS
        host: localhost
        httpHeaders: [{name: X-Probe, value: yes please}]
    before:
      side: {ready: healthy}
  side:
    image: .
resources:
  app:
    type: service
    params: {workload: "${metadata.name}-api", port: http, fallback: none, optional: true}
  audit: {type: service, id: audit-log}
  search:
    type: service-port
    class: default
    metadata: {annotations: {example.com/owner: me}, extra: [1]}
    params: {workload: search, port: 9200}
"""


def read(text: str) -> Workload:
    return load(text.encode(), file="score.yaml", where="web@bugfix")


def lines(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidScore) as refusal:
        read(text)
    error = refusal.value
    assert str(error).startswith(error.lines[0])
    assert all(line.isprintable() and len(line) < 2000 for line in (str(error), *error.lines))
    return error.lines


def only_line(text: str) -> str:
    (line,) = lines(text)
    return line.removeprefix("web@bugfix score.yaml:")


def container(extra: str) -> str:
    return MINIMAL + "".join(f"    {line}\n" for line in extra.splitlines())


def resources(extra: str) -> str:
    return MINIMAL + "resources:\n" + "".join(f"  {line}\n" for line in extra.splitlines())


def test_a_minimal_file_is_a_workload() -> None:
    assert read(MINIMAL) == Workload(
        name="web", file="score.yaml", containers=(Container("app", ".", line=5),), metadata='{"name":"web"}'
    )


def test_a_full_file_is_read_with_the_line_of_each_thing() -> None:
    workload = read(FULL)
    assert workload.ports == (Port("http", 80, 3000), Port("admin", 81, 81))
    app, side = workload.containers
    assert app.command == ("python", "-c")
    assert app.args == ("echo ${HOME} $$",)
    assert app.variables == (
        Variable("API_URL", "${resources.app.url}", 16),
        Variable("MAIL", "${metadata.team.mail}", 17),
        Variable("PRICE", "$5", 18),
    )
    assert app.files == (
        File("/etc/app.conf", content="api=${resources.app.host}\n", mode="0644", line=20),
        File("/etc/raw", content="${not.ours}", no_expand=True, line=24),
        File("/etc/key", binary_content="aGVsbG8=", line=25),
        File("/etc/page", source="pages/index.html", line=26),
    )
    assert app.volumes == (Volume("/data", "data", "sub", read_only=True, line=28),)
    assert app.limits == (("cpu", "2"), ("memory", "1Gi"))
    assert app.requests == (("cpu", "125m"),)
    assert app.liveness == Probe(command=("check", "it"))
    assert app.readiness == Probe(HttpGet("/ready", 3000, "HTTPS", "localhost", (("X-Probe", "yes please"),)))
    assert app.before == (("side", "healthy"),)
    assert side == Container("side", ".", line=43)
    assert json.loads(workload.metadata)["team"] == {"mail": "team@example.com"}


def test_parameters_of_a_resource_have_metadata_filled_in() -> None:
    app, audit, search = read(FULL).resources
    assert app == Resource(
        "app",
        "service",
        params=(("fallback", "none"), ("optional", True), ("port", "http"), ("workload", "web-api")),
        line=46,
    )
    assert audit == Resource("audit", "service", id="audit-log", line=49)
    assert search == Resource("search", "service-port", params=(("port", 9200), ("workload", "search")), line=50)


def test_the_line_for_a_person_has_the_promised_form() -> None:
    assert lines(container("variables:\n  PORT: 8080")) == (
        "web@bugfix score.yaml:8: containers.app.variables.PORT: quote this value, it is not a string",
    )


SHAPE = {
    "another version": (MINIMAL.replace("v1b1", "v1b2"), "1: apiVersion: write 'score.dev/v1b1'"),
    "an unknown key": (container("imgae: x"), '7: containers.app: unknown key "imgae"; did you mean image?'),
    "an x- key": (MINIMAL + "x-mine: 1\n", '7: unknown key "x-mine"; known are apiVersion, metadata, '),
    "a key of ours": (
        MINIMAL.replace("name: web", "name: web\n  anabranch: {paths: [web/]}"),
        '4: metadata.anabranch: unknown key "paths"; no key is known here yet',
    ),
    "a missing key": (MINIMAL.replace("    image: .", "    args: [x]"), "5: containers.app.image: is required"),
    "no container": (MINIMAL[: MINIMAL.index("  app")].rstrip() + " {}\n", "4: containers: must not be empty"),
    "a short name": (MINIMAL.replace("web", "w"), "3: metadata.name: a name has 2 to 63"),
    "a name in capitals": (MINIMAL.replace("  app:", "  App:"), "5: containers.App: a name has 2 to 63"),
    "a truth as variable": (container("variables: {A: true}"), "7: containers.app.variables.A: quote this value"),
    "an empty variable": (container("variables: {A: }"), '7: containers.app.variables.A: is empty; write ""'),
    "a list as variable": (container("variables: {A: [b]}"), "7: containers.app.variables.A: write a text here"),
    "a variable without name": (container('variables: {"": b}'), "a variable's name is not empty"),
    "a variable named with =": (container("variables: {A=B: c}"), 'a variable\'s name is not empty and has no "="'),
    "an empty section": (container("readinessProbe:"), "7: containers.app.readinessProbe: is empty"),
    "an empty probe": (container("readinessProbe: {}"), "write httpGet, exec, or both"),
    "a probe without path": (container("readinessProbe: {httpGet: {port: 1}}"), "httpGet.path: is required"),
    "a probe's header in two lines": (
        container('readinessProbe: {httpGet: {port: 1, path: /, httpHeaders: [{name: A, value: "b\\nc"}]}}'),
        "httpHeaders[0].value: a header's value is one line",
    ),
    "a port in quotes": (MINIMAL + 'service: {ports: {http: {port: "80"}}}', "port: write a whole number"),
    "a port out of range": (MINIMAL + "service: {ports: {http: {port: 65536}}}", "a number of at most 65535"),
    "port zero": (MINIMAL + "service: {ports: {http: {port: 0}}}", "a number of at least 1"),
    "an unknown protocol": (MINIMAL + "service: {ports: {http: {port: 1, protocol: SCTP}}}", "write 'TCP' or 'UDP'"),
    "a number of CPUs": (container("resources: {limits: {cpu: 2}}"), "limits.cpu: quote this value"),
    "bytes in an unknown unit": (container("resources: {limits: {memory: 5X}}"), "write bytes such as"),
    "a list of files": (container("files: [{target: /a, content: b}]"), "the list form is not supported; write each"),
    "a list of volumes": (container("volumes: [{target: /a, source: b}]"), "the list form is not supported"),
    "a file in two forms": (container("files: {/a: {content: b, source: c}}"), "write exactly one of content"),
    "a file in no form": (container("files: {/a: {mode: '600'}}"), "write exactly one of content"),
    "a mode that is not octal": (container("files: {/a: {content: b, mode: '999'}}"), "write an octal mode"),
    "a mode without quotes": (container("files: {/a: {content: b, mode: 0644}}"), "mode: quote this value"),
    "bytes that are no base64": (container("files: {/a: {binaryContent: '%'}}"), "is not standard base64"),
    "a source above the repository": (container("files: {/a: {source: ../b}}"), "a path inside the repository"),
    "an absolute source": (container("files: {/a: {source: /etc/passwd}}"), "a path inside the repository"),
    "a source with backslashes": (container("files: {/a: {source: 'a\\b'}}"), "a path inside the repository"),
    "a target with ..": (container("files: {/a/../../b: {content: c}}"), "a path in the container"),
    "a placeholder in the image": (MINIMAL.replace("image: .", "image: 'a:${metadata.name}'"), "write an image name"),
    "any placeholder in the image": (MINIMAL.replace("image: .", "image: '${TAG}'"), "write an image name"),
    "a placeholder in the command": (container('command: ["${metadata.name}"]'), "command[0]: placeholders are not"),
    "a placeholder in the arguments": (container('args: [a, "${resources.x.y}"]'), "args[1]: placeholders are not"),
    "a placeholder in a probe": (container('livenessProbe: {exec: {command: ["${metadata.name}"]}}'), "not expanded"),
    "a placeholder in a key": (container('variables: {"${metadata.name}": b}'), "placeholders are not expanded"),
    "annotations": (MINIMAL.replace("name: web", "name: web\n  annotations: {aa: b}"), "annotations are not passed on"),
    "a bad id": (resources("app: {type: service, id: a..b}"), "an id has 2 to 63"),
    "an unknown key of a resource": (resources("app: {type: service, parms: {}}"), "did you mean params?"),
    "no map at all": ("just text", "1: write a map of keys and values here"),
    "an empty file": ("", "1: write a map of keys and values here"),
}

RULES = {
    "an unknown type": (
        resources("db: {type: postgres}"),
        "8: resources.db.type: nobody provides this type, known are",
    ),
    "a misspelt type": (resources("app: {type: servcie}"), "did you mean service?"),
    "a class": (resources("app: {type: service, class: large}"), "8: resources.app.class: this type has no classes"),
    "an unknown parameter": (
        resources("app:\n  type: service\n  params:\n    fallbak: none"),
        '11: resources.app.params: unknown key "fallbak"; did you mean fallback?',
    ),
    "a parameter of the wrong kind": (resources("app: {type: service, params: {optional: 1}}"), "write true or false"),
    "a port that is none": (
        resources("app: {type: service, params: {port: true}}"),
        "params.port: write a port's name",
    ),
    "a workload that is no name": (resources("app: {type: service, params: {workload: A_B}}"), "a name has 2 to 63"),
    "a fallback that is no branch": (
        resources("app: {type: service, params: {fallback: a b}}"),
        "write baseline, none",
    ),
    "a protocol that is no scheme": (resources('app: {type: service, params: {protocol: "a b"}}'), "scheme of a URL"),
    "a service-port without its port": (
        resources("app: {type: service-port, params: {workload: app}}"),
        "resources.app.params.port: is required",
    ),
    "a parameter that waits for a resource": (
        resources('app: {type: service, params: {workload: "${resources.app.name}"}}'),
        "cannot refer to a resource",
    ),
    "a parameter with unknown metadata": (
        resources('app: {type: service, params: {workload: "${metadata.nope}"}}'),
        "metadata holds nothing",
    ),
    "an unknown root": (container("variables: {A: '${HOME}'}"), "variables.A: a placeholder starts with metadata or"),
    "an unknown resource": (
        resources("apple: {type: service}").replace(
            "image: .", "image: .\n    variables: {A: '${resources.aple.url}'}"
        ),
        '7: containers.app.variables.A: no resource "aple" in this file; did you mean apple?',
    ),
    "a resource where there are none": (
        container("variables: {A: '${resources.app.url}'}"),
        'no resource "app" in this file; add resources: {app: {type: service}}',
    ),
    "an unknown output": (
        resources("app: {type: service}").replace("image: .", "image: .\n    variables: {A: '${resources.app.urll}'}"),
        "name one output of service; did you mean url?",
    ),
    "an output of an output": (
        resources("app: {type: service}").replace("image: .", "image: .\n    variables: {A: '${resources.app.url.x}'}"),
        "name one output of service; did you mean url?",
    ),
    "a resource without output": (
        resources("app: {type: service}").replace(
            "image: .", "image: .\n    volumes: {/a: {source: '${resources.app}'}}"
        ),
        "volumes./a.source: name one output of service; there are name, host",
    ),
    "unknown metadata": (container("variables: {A: '${metadata.nope}'}"), "metadata holds nothing under"),
    "metadata as a whole": (container("variables: {A: '${metadata}'}"), "names a key of metadata"),
    "resources as a whole": (container("variables: {A: '${resources}'}"), "names a resource and its output"),
    "a bad placeholder in a file": (container("files: {/a: {content: '${x}'}}"), "files./a.content: a placeholder"),
    "a port used twice": (
        MINIMAL + "service:\n  ports:\n    aa: {port: 80}\n    bb: {port: 80}",
        "10: service.ports.bb: the port of aa is used again",
    ),
    "a container before itself": (container("before: {app: {ready: started}}"), "names no other container"),
    "a container before none": (container("before: {nope: {ready: started}}"), "names no other container"),
    "containers in a circle": (
        container("before: {side: {ready: started}}") + "  side: {image: ., before: {app: {ready: started}}}",
        "containers wait for each other in a circle",
    ),
}


@pytest.mark.parametrize("case", SHAPE)
def test_a_file_of_the_wrong_shape_is_refused_with_line_and_key(case: str) -> None:
    text, expected = SHAPE[case]
    assert expected in only_line(text)


@pytest.mark.parametrize("case", RULES.keys() - {"a container before itself"})
def test_a_file_that_breaks_a_rule_is_refused_with_line_and_key(case: str) -> None:
    text, expected = RULES[case]
    assert expected in only_line(text)


def test_a_container_cannot_wait_for_itself() -> None:
    text, expected = RULES["a container before itself"]
    assert any(expected in line for line in lines(text))


def test_every_problem_is_told_by_line() -> None:
    text = MINIMAL.replace("web", "w") + "x-a: 1\nservice: {ports: {http: {prt: 1}}}\n"
    told = lines(text)
    assert [line.split(":")[1] for line in told] == ["3", "7", "8", "8"]
    with pytest.raises(InvalidScore, match=r"\(3 more\)$"):
        read(text)


def test_what_the_yaml_guard_refuses_is_an_invalid_score_too() -> None:
    assert only_line(container("variables: {A: on}")).startswith("7: containers.app.variables.A: write true or false")
    assert "given twice" in only_line(MINIMAL + "containers: {}\n")


def test_an_error_never_quotes_a_value_of_the_file() -> None:
    secret = "hunter2-HUNTER_2"
    for text in (
        container(f"variables: {{A: ['{secret}']}}"),
        MINIMAL.replace("name: web", f"name: {secret}"),
        container(f"files: {{/a: {{binaryContent: '{secret}!'}}}}"),
        MINIMAL + f"service: {{ports: {{http: {{port: {secret}}}}}}}",
        MINIMAL + f"service: {{ports: {{http: {{port: 1, protocol: {secret}}}}}}}",
        resources(f"app: {{type: {secret}}}"),
        resources(f"app: {{type: service, params: {{workload: {secret}}}}}"),
        container(f"variables: {{A: '${{{secret}}}'}}"),
    ):
        assert secret not in "".join(lines(text))


def test_text_that_only_resembles_a_placeholder_stays() -> None:
    workload = read(container("args: ['${HOME}', '$$', '$(X)']\nvariables: {A: '$${metadata.nope} ${open'}"))
    assert workload.containers[0].args == ("${HOME}", "$$", "$(X)")
    assert workload.containers[0].variables[0].text == "$${metadata.nope} ${open"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        MINIMAL + "".join(f"k{n}: x\n" for n in range(6000)),
        resources("".join(f"r{n:04}: {{type: nope}}\n" for n in range(64))),
        container("variables:\n" + "".join(f"  V{n}: ${{resources.nope.url}}\n" for n in range(1200))),
    ],
    ids=["unknown keys", "unknown types", "unknown resources"],
)
def test_thousands_of_problems_are_told_as_twenty_lines(text: str) -> None:
    assert len(lines(text)) == 20


def mutated(data: bytes, chance: random.Random) -> bytes:
    pieces = [
        b":",
        b"- ",
        b"\n",
        b"${",
        b"}",
        b"&a ",
        b"*a",
        b"!!int ",
        b"0",
        b"'",
        b'"',
        b"{",
        b"[",
        b"\xff",
        b"  ",
        b"<<: ",
    ]
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data)), chance.choice([0, 1, 1, 5, 30])
        middle = chance.choice([chance.choice(pieces), b"", chance.randbytes(1), data[at : at + length] * 2])
        data = data[:at] + middle + data[at + length :]
    return data


@pytest.mark.timeout(60)
def test_two_thousand_mutations_of_valid_files_are_read_or_refused_in_one_line() -> None:
    chance = random.Random(20_010)  # the same mutations in every run
    outcomes = {"read": 0, "refused": 0}
    for round_number in range(2000):
        data = mutated((FULL if round_number % 4 == 0 else MINIMAL).encode(), chance)
        try:
            workload = load(data, file="score.yaml", where="web@bugfix")
        except InvalidScore as error:
            outcomes["refused"] += 1
            assert error.lines
            assert all(line.isprintable() and len(line) < 2000 for line in (str(error), *error.lines))
        else:
            outcomes["read"] += 1
            json.dumps(json.loads(workload.metadata)).encode()
            repr(workload).encode()
    assert min(outcomes.values()) > 100, outcomes


def test_a_file_with_hundreds_of_resources_is_refused_with_one_line() -> None:
    many = resources("\n".join(f"r{number}: {{type: service}}" for number in range(65)))
    with pytest.raises(InvalidScore) as refused:
        read(many)
    assert refused.value.lines == ("web@bugfix score.yaml:7: resources: 65 resources, at most 64 are taken",)
