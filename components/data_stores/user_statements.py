"""What the task `users` runs: it makes the application's own users, with the master's rights and as often as you like.

The script is PHP, because the application's image has nothing else for sure: PDO with `pdo_mysql`, and the extension
`mongodb` where DocumentDB is on. It holds no value; all of them come from the environment.
"""

from settings.stores import AuroraSpec, DocumentDbSpec

PRIVILEGES = (
    *("SELECT", "INSERT", "UPDATE", "DELETE"),
    *("CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"),
    *("CREATE VIEW", "SHOW VIEW", "TRIGGER", "CREATE TEMPORARY TABLES"),
)
"""What Laravel and its migrations do within one database. Left out are routines, events, locks of whole tables and
everything that reaches beyond: dev.mysql.com/doc/refman/8.0/en/privileges-provided.html"""

ROLES = ("readWrite", "dbAdmin")
"""Documents, and collections with their indexes:
docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html"""

CREATE_DATABASE = "CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
CREATE_USER = "CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {password} REQUIRE SSL"
CHANGE_PASSWORD = "ALTER USER {user} IDENTIFIED BY {password}"
KEEP_OLD_PASSWORD = "RETAIN CURRENT PASSWORD"
"""Tasks that still have the old password go on; the next change ends it:
dev.mysql.com/doc/refman/8.0/en/password-management.html#dual-passwords"""
REQUIRE_TLS = "ALTER USER {user} REQUIRE SSL"
GRANT = f"GRANT {', '.join(PRIVILEGES)} ON {{database_only}}.* TO {{user}}"

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

AURORA = r"""    $doing = 'making the user of Aurora';
    needs('pdo_mysql');
    $connect = fn (string $user, string $password) => new PDO(
        sprintf('mysql:host=%%s;port=%%d;charset=utf8mb4', env('AURORA_HOST'), env('AURORA_PORT')),
        $user,
        $password,
        [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_TIMEOUT => 15,
            PDO::MYSQL_ATTR_SSL_CA => env('CA_BUNDLE_PATH'),
            PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => true,
        ],
    );
    $master = $connect(env('AURORA_MASTER_USERNAME'), env('AURORA_MASTER_PASSWORD'));
    $database = str_replace('`', '``', env('AURORA_DATABASE'));
    $values = [
        '{database}' => "`$database`",
        // In GRANT, _ and %% stand for other characters.
        '{database_only}' => '`' . addcslashes($database, '_%%') . '`',
        '{user}' => $master->quote(env('AURORA_USER')) . "@'%%'",
        '{password}' => $master->quote(env('AURORA_PASSWORD')),
    ];
    $run = fn (string $statement) => $master->exec(strtr($statement, $values));

    $run(%(create_database)s);
    echo 'aurora: database ', env('AURORA_DATABASE'), ' is there', PHP_EOL;
    $run(%(create_user)s);
    echo 'aurora: user ', env('AURORA_USER'), ' is there', PHP_EOL;
    try {
        $connect(env('AURORA_USER'), env('AURORA_PASSWORD'));
        echo 'aurora: its password is the current one', PHP_EOL;
    } catch (PDOException $refused) {
        if ($refused->getCode() != 1045) {
            throw $refused;
        }
        try {
            $run(%(keep_password)s);
            echo 'aurora: its password is changed, the old one is valid until the next change', PHP_EOL;
        } catch (PDOException) {
            $run(%(change_password)s);
            echo 'aurora: its password is changed, the old one is void', PHP_EOL;
        }
    }
    $run(%(require_tls)s);
    $run(%(grant)s);
    echo 'aurora: it may use ', env('AURORA_DATABASE'), ' over TLS, and nothing else', PHP_EOL;
"""

DOCUMENTDB = r"""    $doing = 'making the user of DocumentDB';
    needs('mongodb');
    $manager = new MongoDB\Driver\Manager(
        sprintf('mongodb://%%s:%%d/', env('DOCUMENTDB_HOST'), env('DOCUMENTDB_PORT')),
        [
            'username' => env('DOCUMENTDB_MASTER_USERNAME'),
            'password' => env('DOCUMENTDB_MASTER_PASSWORD'),
            'tls' => true,
            'tlsCAFile' => env('CA_BUNDLE_PATH'),
            'replicaSet' => 'rs0',
            'retryWrites' => false,
            'serverSelectionTimeoutMS' => 15000,
        ],
    );
    $run = fn (array $command) => $manager->executeCommand('admin', new MongoDB\Driver\Command($command))->toArray()[0];
    $user = env('DOCUMENTDB_USER');
    $change = $run(['usersInfo' => $user])->users ? 'updateUser' : 'createUser';
    $run([
        $change => $user,
        'pwd' => env('DOCUMENTDB_PASSWORD'),
        'roles' => array_map(
            fn (string $role) => ['role' => $role, 'db' => env('DOCUMENTDB_DATABASE')],
            %(roles)s,
        ),
    ]);
    echo "documentdb: $change $user", PHP_EOL;
    echo 'documentdb: it may use ', env('DOCUMENTDB_DATABASE'), ' and nothing else', PHP_EOL;
"""


def users_command(aurora: AuroraSpec | None, documentdb: DocumentDbSpec | None) -> list[str]:
    """The command of the task that makes the users of these databases.

    The task needs `CA_BUNDLE_PATH` and, for each database, `AURORA_` or `DOCUMENTDB_` with `HOST`, `PORT`, `DATABASE`,
    `MASTER_USERNAME`, `MASTER_PASSWORD`, `USER` and `PASSWORD`. It ends with 1 and one line on stderr if it fails.

    A new password of Aurora's user leaves the old one valid until the next change. DocumentDB knows one password per
    user, so there the old one is void at once:
    docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html

    Raises:
        ValueError: There is no database.
    """
    steps = [*([_aurora_steps()] if aurora else []), *([_documentdb_steps()] if documentdb else [])]
    if not steps:
        raise ValueError("no database is on, so there is no user to make")
    return ["php", "-r", SCRIPT % {"steps": "\n".join(steps).rstrip()}]


def _aurora_steps() -> str:
    return AURORA % {
        "create_database": _php(CREATE_DATABASE),
        "create_user": _php(CREATE_USER),
        "keep_password": _php(f"{CHANGE_PASSWORD} {KEEP_OLD_PASSWORD}"),
        "change_password": _php(CHANGE_PASSWORD),
        "require_tls": _php(REQUIRE_TLS),
        "grant": _php(GRANT),
    }


def _documentdb_steps() -> str:
    return DOCUMENTDB % {"roles": f"[{', '.join(map(_php, ROLES))}]"}


def _php(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
