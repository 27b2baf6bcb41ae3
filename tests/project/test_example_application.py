"""The example application of the documentation fits what the program's tasks expect of an image."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bootstrap.account_settings import ApplicationSourceSpec
from settings.partition import ca_bundle_url
from settings.services import NginxSpec, WebSpec
from settings.site import ApplicationSpec, IngressSpec
from tests.paths import PROJECT
from tests.program.given import containers, environment, program

EXAMPLE = PROJECT / "docs" / "example-application"
FPM, FRANKENPHP = "Dockerfile", "Dockerfile.frankenphp"
BOTH = [FPM, FRANKENPHP]
PAGE = (PROJECT / "docs" / "application.md").read_text("utf-8")
WEB = WebSpec()
KINDS = ["web", "worker-default", "scheduler", "migration", "users"]


def instructions(name: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile in their order, each with its arguments in one line."""
    lines = [line for line in text(name).splitlines() if not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(word, arguments) for word, arguments in pairs]


def said(name: str, word: str) -> list[str]:
    return [arguments for instruction, arguments in instructions(name) if instruction == word]


def default_of(name: str, argument: str) -> str:
    """The default of a build argument."""
    [given] = [value for key, _, value in (line.partition("=") for line in said(name, "ARG")) if key == argument]
    return given


def text(name: str) -> str:
    return (EXAMPLE / name).read_text("utf-8")


def setting(file: str, pattern: str) -> str:
    """The one value of a setting in a configuration file, comments left out."""
    lines = [line for line in text(file).splitlines() if not line.strip().startswith(("#", ";"))]
    [found] = re.findall(pattern, "\n".join(lines), re.MULTILINE)
    return found


def tasks(**changes: Any) -> list[dict[str, Any]]:
    """Every container of a stack of ours, the images of others left out."""
    made = program(web={"nginx": {}}, **changes)
    return [container for kind in KINDS for container in containers(made, kind).values()]


@pytest.mark.parametrize("name", BOTH)
def test_the_last_stage_runs_as_the_user_of_the_task_definitions(name: str) -> None:
    [user] = said(name, "USER")
    assert user == ApplicationSpec().user
    assert {container["user"] for container in tasks()} == {user}
    assert f"chown -R {user}:{user} storage bootstrap/cache" in text(name)


@pytest.mark.parametrize("name", BOTH)
def test_it_listens_where_the_load_balancer_asks(name: str) -> None:
    made = program(web={"nginx": {}})
    assert said(name, "EXPOSE") == [str(made.one("TargetGroup", "web").inputs["port"])] == [str(WEB.port)]


def test_nginx_and_caddy_listen_at_the_port_of_the_settings() -> None:
    assert setting("docker/nginx.conf", r"^\s*listen (\d+) default_server;") == str(WEB.port)
    assert setting("docker/Caddyfile", r"^:(\d+) \{") == str(WEB.port)


def test_php_fpm_listens_where_nginx_and_the_health_check_of_its_container_look() -> None:
    made = containers(program(web={"nginx": {}}), "web")
    address = setting("docker/php-fpm.conf", r"^listen = (.+)$")
    assert address == f"127.0.0.1:{NginxSpec().php_fpm_port}"
    assert setting("docker/nginx.conf", r"fastcgi_pass (.+);") == address
    command, *arguments = made["app"]["healthCheck"]["command"]
    assert (command, arguments[:2]) == ("CMD", ["php", "-r"])
    assert "fsockopen('{}', {})".format(*address.split(":")) in arguments[2]


def test_the_pool_is_read_after_the_one_that_listens_everywhere() -> None:
    [target] = [line.split()[-1] for line in said(FPM, "COPY") if "php-fpm.conf" in line]
    assert Path(target).parent == Path("/usr/local/etc/php-fpm.d")
    assert Path(target).name > "zz-docker.conf"


def test_nginx_starts_with_the_stack_s_command_and_as_another_user_than_root() -> None:
    command = containers(program(web={"nginx": {}}), "web")["nginx"]["command"]
    assert command == ["nginx", "-g", "daemon off;"]
    configuration = text("docker/nginx.conf")
    assert not re.search(r"^\s*(daemon|user) ", configuration, re.MULTILINE)
    written = re.findall(r"^\s*(?:pid|\w+_temp_path) (\S+);", configuration, re.MULTILINE)
    assert len(written) == 6
    assert all(path.startswith("/tmp/") for path in written)


def test_the_health_check_goes_to_laravel_and_not_into_the_log() -> None:
    path = program(web={"nginx": {}}).one("TargetGroup", "web").inputs["healthCheck"]["path"]
    logged = re.compile(setting("docker/nginx.conf", r"^\s*~(\S+) 0;$"))
    assert logged.search(path)
    assert logged.search(f"{path}?deep=1")
    assert not logged.search(f"{path}loads")
    assert setting("docker/Caddyfile", r"log_skip (\S+)") == path == WEB.health_check_path


def test_php_fpm_stops_in_the_time_that_it_has_and_outlives_the_longest_request() -> None:
    stop = int(setting("docker/php-fpm.conf", r"^process_control_timeout = (\d+)s$"))
    longest = int(setting("docker/php-fpm.conf", r"^request_terminate_timeout = (\d+)s$"))
    [app] = [container for container in tasks() if "healthCheck" in container]
    assert 0 < longest <= stop < app["stopTimeout"] == WEB.stop_timeout_seconds
    assert longest <= WEB.deregistration_delay_seconds
    assert longest < int(setting("docker/nginx.conf", r"fastcgi_read_timeout (\d+)s;"))
    assert 0 < int(setting("docker/Caddyfile", r"grace_period (\d+)s")) < WEB.stop_timeout_seconds


def test_nginx_keeps_connections_longer_than_the_load_balancer() -> None:
    assert int(setting("docker/nginx.conf", r"keepalive_timeout (\d+)s;")) > IngressSpec().idle_timeout_seconds


def test_uploads_have_the_same_limit_everywhere() -> None:
    limits = [
        setting("docker/nginx.conf", r"client_max_body_size (\d+)m;"),
        setting("docker/Caddyfile", r"max_size (\d+)MB"),
        setting("docker/php.ini", r"^post_max_size = (\d+)M$"),
        setting("docker/php.ini", r"^upload_max_filesize = (\d+)M$"),
    ]
    assert len(set(limits)) == 1


# Caddy: caddy.community/t/looking-for-linux-signal-handling-details-for-caddy/15406
@pytest.mark.parametrize(("name", "signal"), [(FPM, "SIGQUIT"), (FRANKENPHP, "SIGTERM")])
def test_the_stop_signal_is_the_one_that_drains(name: str, signal: str) -> None:
    assert said(name, "STOPSIGNAL") == [signal]


@pytest.mark.parametrize("name", BOTH)
def test_the_ca_bundle_is_where_the_tasks_look_for_it_and_all_may_read_it(name: str) -> None:
    [added] = [line for line in said(name, "ADD") if "CA_BUNDLE" in line]
    mode, source, path = added.split()
    assert mode == "--chmod=0644"
    assert source == "${RDS_CA_BUNDLE}"
    assert default_of(name, "RDS_CA_BUNDLE") == ca_bundle_url("us-east-1")
    build = (PROJECT / "bootstrap" / "build.yml").read_text("utf-8")
    assert '--build-arg "RDS_CA_BUNDLE=$RDS_CA_BUNDLE"' in build
    assert path == ApplicationSpec().ca_bundle_path
    assert environment(program(web={"nginx": {}}), "web")["MYSQL_ATTR_SSL_CA"] == path
    assert path in environment(program("prod"), "web")["MONGODB_URI"]


@pytest.mark.parametrize("name", BOTH)
def test_it_has_the_extensions_that_the_tasks_use(name: str) -> None:
    [installed] = [line for line in said(name, "RUN") if line.startswith("install-php-extensions ")]
    web = environment(program("prod"), "web")
    users = containers(program("prod"), "users")["app"]["command"][-1]
    needed = {
        "pdo_mysql": web["DB_CONNECTION"] == "mysql" and "needs('pdo_mysql')" in users,
        "mongodb": web["MONGODB_URI"].startswith("mongodb:") and "needs('mongodb')" in users,
        "redis": web["REDIS_CLIENT"] == "phpredis",
        # laravel.com/docs/12.x/queues#worker-timeouts
        "pcntl": "--timeout=" in " ".join(containers(program("prod"), "worker-default")["app"]["command"]),
        "opcache": True,
    }
    assert all(needed.values())
    assert set(needed) < set(installed.split())


@pytest.mark.parametrize("name", BOTH)
def test_what_ecs_exec_and_the_commands_need_is_there_or_the_build_fails(name: str) -> None:
    [looked] = [line for line in said(name, "RUN") if "command -v" in line]
    tools = set(looked.partition("for tool in ")[2].partition(";")[0].split())
    # docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    assert {"script", "cat"} < tools
    assert {container["command"][0] for container in tasks() if "command" in container} <= tools | {"nginx"}
    assert ("nginx" in tools) is (name == FPM)


@pytest.mark.parametrize("name", BOTH)
def test_tmp_is_a_volume_that_everybody_may_write_to(name: str) -> None:
    made = containers(program(cluster={"exec": False}, scheduler={"readonly_root_filesystem": True}), "scheduler")
    [mount] = made["app"]["mountPoints"]
    assert said(name, "VOLUME") == [f'["{mount["containerPath"]}"]']
    order = [instruction for instruction, _ in instructions(name)]
    [looked] = [line for line in said(name, "RUN") if "command -v" in line]
    assert looked.endswith("rm -rf /tmp/* && chmod 1777 /tmp")
    assert "RUN" not in order[order.index("VOLUME") :], "what a build writes into a volume is lost"
    [written] = [line for line in said(name, "ENV") if "APP_CONFIG_CACHE" in line]
    assert all(value.partition("=")[2].startswith("/tmp/") for value in written.split())


@pytest.mark.parametrize("name", BOTH)
def test_no_secret_gets_into_the_image(name: str) -> None:
    instructions_only = "\n".join(f"{word} {arguments}" for word, arguments in instructions(name))
    assert not re.search(r"APP_KEY|PASSWORD|AWS_ACCESS_KEY_ID|AWS_SECRET|\.env\b", instructions_only)
    assert [line.partition("=")[0] for line in said(name, "ARG")] == ["OFFICIAL_IMAGES", "RDS_CA_BUNDLE"]
    assert {".env", ".env.*", "auth.json", ".git", "storage/*.key"} <= set(text(".dockerignore").splitlines())


@pytest.mark.parametrize("name", BOTH)
def test_every_base_image_has_a_version_and_no_platform(name: str) -> None:
    stages = [line.split(" AS ") for line in said(name, "FROM")]
    own = {stage for _, stage in stages}
    for image, _ in stages:
        official = image.removeprefix("${OFFICIAL_IMAGES}/")
        assert image in own or re.fullmatch(r"[a-z./-]+:[0-9][a-z0-9.-]*", official), image


ON_DOCKER_HUB_ALONE = ["dunglas/frankenphp:1-php8.4-bookworm"]


@pytest.mark.parametrize("name", BOTH)
def test_what_docker_publishes_itself_comes_from_the_registry_that_the_pipeline_names(name: str) -> None:
    stages = [line.split(" AS ") for line in said(name, "FROM")]
    own = {stage for _, stage in stages}
    of_others = [image for image, _ in stages if image not in own and not image.startswith("${OFFICIAL_IMAGES}/")]
    assert of_others == (ON_DOCKER_HUB_ALONE if name == FRANKENPHP else [])
    assert [image for image in of_others if f"`{image.partition(':')[0]}`" not in PAGE] == []
    copied = [line.split()[0].removeprefix("--from=") for line in said(name, "COPY") if line.startswith("--from=")]
    assert set(copied) <= own, "COPY --from=<image> pulls as well"
    assert not text(name).startswith("# syntax="), "BuildKit would pull that from Docker Hub too"
    order = [instruction for instruction, _ in instructions(name)]
    assert order.index("ARG") < order.index("FROM"), "an ARG within a stage is empty in FROM"


@pytest.mark.parametrize("name", BOTH)
def test_the_address_of_the_ca_bundle_is_given_to_the_stage_that_downloads_it(name: str) -> None:
    # docs.docker.com/reference/dockerfile/#scope: an ARG before the first FROM is empty within a stage.
    lines = [f"{word} {arguments}" for word, arguments in instructions(name)]
    [argument] = [at for at, line in enumerate(lines) if line.startswith("ARG RDS_CA_BUNDLE=")]
    [download] = [at for at, line in enumerate(lines) if line.startswith("ADD ") and "${RDS_CA_BUNDLE}" in line]
    assert argument < download
    assert [line for line in lines[argument:download] if line.startswith("FROM ")] == []
    assert [line for line in lines[:argument] if line.startswith("FROM ")] != []


@pytest.mark.parametrize("name", BOTH)
def test_the_registry_of_official_images_is_the_pipeline_s_default(name: str) -> None:
    assert default_of(name, "OFFICIAL_IMAGES") == f"{ApplicationSourceSpec().docker_hub_mirror}/library"
    build = (PROJECT / "bootstrap" / "build.yml").read_text("utf-8")
    assert '--build-arg "OFFICIAL_IMAGES=$DOCKER_HUB_MIRROR/library"' in build


@pytest.mark.parametrize("name", BOTH)
def test_what_is_downloaded_has_a_version_or_is_renewed_by_its_owner(name: str) -> None:
    for line in said(name, "ADD"):
        _, source, _ = line.split()
        source = re.sub(r"\$\{(\w+)\}", lambda argument: default_of(name, argument[1]), source)
        assert source.startswith("https://")
        assert re.search(r"/releases/download/\d+\.\d+\.\d+/", source) or source.endswith("global-bundle.pem")


@pytest.mark.parametrize("name", BOTH)
def test_every_file_that_is_copied_is_in_the_example(name: str) -> None:
    copied = re.findall(r"^(?:--chmod=0755 )?(docker/\S+) ", "\n".join(said(name, "COPY")), re.MULTILINE)
    assert copied
    assert [file for file in copied if not (EXAMPLE / file).is_file()] == []


def test_every_file_of_the_example_is_copied_by_one_of_the_two() -> None:
    used = text(FPM) + text(FRANKENPHP)
    assert [file.name for file in (EXAMPLE / "docker").iterdir() if f"docker/{file.name}" not in used] == []


def started(tmp_path: Path, *command: str, failing: str = "nothing") -> tuple[int, list[str]]:
    """Runs the entry of the containers with programs that only write down how they were called."""
    calls = tmp_path / "calls"
    calls.unlink(missing_ok=True)
    for tool in ("php", "nginx", "php-fpm", "frankenphp"):
        fake = tmp_path / tool
        noted = f'echo "{tool}${{*:+ $*}}" >> {calls}'
        fake.write_text(f'#!/bin/sh\n{noted}\ncase "$*" in "{failing}"*) exit 7;; esac\n')
        fake.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    ended = subprocess.run([EXAMPLE / "docker" / "start", *command], env={"PATH": path}, check=False)
    return ended.returncode, calls.read_text().splitlines()


CACHED = ["php artisan config:cache --quiet", "php artisan route:cache --quiet"]


@pytest.mark.parametrize("kind", ["worker-default", "scheduler", "migration"])
def test_the_entry_caches_the_configuration_before_each_command_of_laravel(kind: str, tmp_path: Path) -> None:
    command = containers(program(web={"nginx": {}}), kind)["app"]["command"]
    assert started(tmp_path, *command) == (0, [*CACHED, " ".join(command)])


@pytest.mark.parametrize("name", BOTH)
def test_the_entry_caches_before_the_image_s_own_command(name: str, tmp_path: Path) -> None:
    assert said(name, "ENTRYPOINT") == ['["/usr/local/bin/start"]']
    command = re.findall(r'"([^"]+)"', said(name, "CMD")[0])
    assert started(tmp_path, *command) == (0, [*CACHED, " ".join(command)])


def test_the_entry_leaves_nginx_and_the_users_task_alone(tmp_path: Path) -> None:
    assert started(tmp_path, "nginx", "-g", "daemon off;") == (0, ["nginx -g daemon off;"])
    users = containers(program(web={"nginx": {}}), "users")["app"]["command"]
    assert users[:2] == ["php", "-r"]
    assert started(tmp_path, *users[:2], "exit(0);") == (0, ["php -r exit(0);"])


def test_a_configuration_that_cannot_be_cached_ends_the_container(tmp_path: Path) -> None:
    code, calls = started(tmp_path, "php", "artisan", "migrate", "--force", failing="artisan config:cache")
    assert (code, calls) == (7, CACHED[:1])
