"""What the task `users` runs: it makes the application's own users, with the master's rights and as often as you like.

The script is PHP, because the application's image has nothing else for sure: PDO with `pdo_mysql`, and the extension
`mongodb` where DocumentDB is on. It holds no value; all of them come from the environment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi

from components.wiring import SecretRef

SCRIPT = r"""error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', 'stderr');

function env(string $name): string {
    $value = getenv($name);
    if ($value === false || $value === '') {
        throw new RuntimeException("$name is not set");
    }
    return $value;
}

function needs(string $extension): void {
    if (!extension_loaded($extension)) {
        throw new RuntimeException("the image has no PHP extension $extension");
    }
}

function hidden(string $text): string {
    foreach (getenv() as $name => $value) {
        if (str_ends_with($name, 'PASSWORD') && $value !== '') {
            $text = str_replace($value, '***', $text);
        }
    }
    return preg_replace('/\s+/', ' ', $text);
}

$doing = 'starting';
try {
%(steps)s
} catch (Throwable $problem) {
    fwrite(STDERR, hidden("users: failed while $doing: " . $problem->getMessage()) . PHP_EOL);
    exit(1);
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSetup:
    """What the task `users` needs to make the application's own user of a database.

    Attributes:
        statements: What it runs there, in PHP.
        environment: Where the database is: variables such as `AURORA_HOST`.
        secrets: The master's name and password and the user's, by variable: `AURORA_MASTER_USERNAME`.
        keepers: Values that make the task run again when they change.
    """

    statements: str
    environment: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef]
    keepers: Mapping[str, pulumi.Input[str]]


def user_setup(
    store: str,
    statements: str,
    *,
    host: pulumi.Input[str],
    port: int,
    database: str,
    master_secret_arn: pulumi.Input[str],
    user: SecretRef,
) -> UserSetup:
    """How the application's own user of a database is made.

    Args:
        store: Name of the store. In capitals it begins the variables of the task: `HOST`, `PORT`, `DATABASE`,
            `MASTER_USERNAME`, `MASTER_PASSWORD`, `USER` and `PASSWORD`.
        statements: PHP that makes the user and gives it its password; it reads these variables and `CA_BUNDLE_PATH`.
        host: Host name of the writer.
        port: TCP port.
        database: The database that the user may use.
        master_secret_arn: Secret of the master, with the keys `username` and `password`.
        user: Secret of the application's user, with the same keys.
    """
    prefix, master = store.upper(), SecretRef(arn=master_secret_arn)
    return UserSetup(
        statements=statements,
        environment={f"{prefix}_HOST": host, f"{prefix}_PORT": str(port), f"{prefix}_DATABASE": database},
        secrets={
            f"{prefix}_MASTER_USERNAME": replace(master, key="username"),
            f"{prefix}_MASTER_PASSWORD": replace(master, key="password"),
            f"{prefix}_USER": replace(user, key="username"),
            f"{prefix}_PASSWORD": replace(user, key="password"),
        },
        keepers={
            store: master_secret_arn,
            **({f"{store}User": user.version} if user.version is not None else {}),
            f"{store}Database": database,
        },
    )


def users_command(statements: Sequence[str]) -> list[str]:
    """The command of the task that makes the users. It ends with 1 and one line on stderr if it fails.

    Args:
        statements: Those of each database.

    Raises:
        ValueError: There is no database.
    """
    if not statements:
        raise ValueError("no database is on, so there is no user to make")
    return ["php", "-r", SCRIPT % {"steps": "\n".join(statements).rstrip()}]


def php_text(text: str) -> str:
    """A text as PHP has it between quotation marks."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
