"""How the application's own user of DocumentDB is made."""

from components.data_stores.user_statements import php_text

ROLES = ("readWrite", "dbAdmin")
"""Documents, and collections with their indexes:
docs.aws.amazon.com/documentdb/latest/developerguide/role_based_access_control.html"""

SCRIPT = r"""    $doing = 'making the user of DocumentDB';
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


def documentdb_user_statements() -> str:
    """PHP that makes the user.

    DocumentDB knows one password per user, so with a new one the old one is void at once:
    docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html
    """
    return SCRIPT % {"roles": f"[{', '.join(map(php_text, ROLES))}]"}
