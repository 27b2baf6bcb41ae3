"""How the application's own user of Aurora is made."""

from components.data_stores.user_statements import php_text

PRIVILEGES = (
    *("SELECT", "INSERT", "UPDATE", "DELETE"),
    *("CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"),
    *("CREATE VIEW", "SHOW VIEW", "TRIGGER", "CREATE TEMPORARY TABLES"),
)
"""What Laravel and its migrations do within one database. Left out are routines, events, locks of whole tables and
everything that reaches beyond: dev.mysql.com/doc/refman/8.0/en/privileges-provided.html"""

CREATE_DATABASE = "CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
CREATE_USER = "CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {password} REQUIRE SSL"
CHANGE_PASSWORD = "ALTER USER {user} IDENTIFIED BY {password}"
KEEP_OLD_PASSWORD = "RETAIN CURRENT PASSWORD"
"""Tasks that still have the old password go on; the next change ends it:
dev.mysql.com/doc/refman/8.0/en/password-management.html#dual-passwords"""
REQUIRE_TLS = "ALTER USER {user} REQUIRE SSL"
GRANT = f"GRANT {', '.join(PRIVILEGES)} ON {{database_only}}.* TO {{user}}"

SCRIPT = r"""    $doing = 'making the user of Aurora';
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


def aurora_user_statements() -> str:
    """PHP that makes the database and the user.

    A new password leaves the old one valid until the next change.
    """
    return SCRIPT % {
        "create_database": php_text(CREATE_DATABASE),
        "create_user": php_text(CREATE_USER),
        "keep_password": php_text(f"{CHANGE_PASSWORD} {KEEP_OLD_PASSWORD}"),
        "change_password": php_text(CHANGE_PASSWORD),
        "require_tls": php_text(REQUIRE_TLS),
        "grant": php_text(GRANT),
    }
