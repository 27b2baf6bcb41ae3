"""The example's provider, run by PHP with as much of Laravel as it uses."""

import json
import os
import shutil
import subprocess

import pytest

from tests.paths import PROJECT

PROVIDER = PROJECT / "docs/example-application/app/Providers/MetricsServiceProvider.php"
LARAVEL = r"""
namespace Illuminate\Console\Scheduling {
    class Schedule {
        public array $calls = [];
        public function call(callable $call) { $this->calls[] = $call; return $this; }
        public function everyMinute() { return $this; }
        public function name(string $name) { return $this; }
    }
}
namespace Illuminate\Queue\Events {
    class Job {
        public function getQueue() { return 'mail'; }
        public function resolveName() { return 'App\Jobs\SendMail'; }
    }
    class JobFailed { public function __construct(public $job = new Job) {} }
}
namespace Illuminate\Support {
    class ServiceProvider {
        protected function callAfterResolving($class, $then) { $then($GLOBALS['schedule']); }
    }
}
namespace Illuminate\Support\Facades {
    class Connection { public function creationTimeOfOldestPendingJob($queue) {
        return $queue === 'mail' ? time() - 60 : null;
    } }
    class OldConnection {}
    class Queue {
        public static $failing;
        public static $connection;
        public static function failing(callable $call) { self::$failing = $call; }
        public static function connection() { return self::$connection; }
        public static function size($queue) { return strlen($queue); }
    }
}
namespace {
    function config($key, $otherwise) { return ['default', 'mail']; }
    $schedule = new Illuminate\Console\Scheduling\Schedule;
    $laravel = Illuminate\Support\Facades\Queue::class;
    $laravel::$connection = $argv[2] === 'new'
        ? new Illuminate\Support\Facades\Connection : new Illuminate\Support\Facades\OldConnection;
    require $argv[1];
    (new App\Providers\MetricsServiceProvider)->boot();
    if ($argv[3] === 'worker') { ($laravel::$failing)(new Illuminate\Queue\Events\JobFailed); }
    else { foreach ($schedule->calls as $call) { $call(); } }
}
"""

ON_GITHUB = "GITHUB_ACTIONS" in os.environ
"""There, a test that is skipped would be a gap that nobody sees: check.yml installs PHP."""
pytestmark = pytest.mark.skipif(not (ON_GITHUB or shutil.which("php")), reason="needs php")


def written(who: str, *, laravel: str = "new") -> str:
    """What the process writes to stderr."""
    command = ["php", "-r", LARAVEL, "--", str(PROVIDER), laravel, who]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    return ended.stderr


def events(text: str) -> list[dict[str, object]]:
    """What CloudWatch Logs would read as JSON: a line is an event."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def passed_on(stdout: str, stderr: str) -> str:
    """What schedule:work makes of what schedule:run wrote in a tenth of a second:
    github.com/laravel/framework/blob/12.x/src/Illuminate/Console/Scheduling/ScheduleWorkCommand.php"""
    return (stdout + stderr).lstrip("\n")


def test_the_scheduler_says_that_it_runs_and_how_long_the_queues_are() -> None:
    assert events(written("scheduler")) == [
        {"story": "heartbeat"},
        {"story": "queue", "queue": "default", "depth": 7, "oldest_seconds": 0},
        {"story": "queue", "queue": "mail", "depth": 4, "oldest_seconds": 60},
    ]


def test_an_older_laravel_does_not_know_the_age_and_invents_none() -> None:
    queues = [line for line in events(written("scheduler", laravel="old")) if line["story"] == "queue"]
    assert queues == [
        {"story": "queue", "queue": "default", "depth": 7},
        {"story": "queue", "queue": "mail", "depth": 4},
    ]


def test_a_worker_says_which_job_failed() -> None:
    assert events(written("worker")) == [{"story": "failed_job", "queue": "mail", "job": "App\\Jobs\\SendMail"}]


@pytest.mark.parametrize("chunks", [["  Running [story-heartbeat] "], ["", "  Running [story-heartbeat] "]])
def test_a_line_stands_alone_whatever_schedule_work_passed_on_before_it(chunks: list[str]) -> None:
    stderr = written("scheduler")
    *before, last = chunks
    # The half line of stdout comes with the line of stderr, or a tenth of a second earlier.
    together = "".join(passed_on(chunk, "") for chunk in before) + passed_on(last, stderr)
    apart = "".join(passed_on(chunk, "") for chunk in chunks) + passed_on("", stderr)
    for text in (together, apart):
        assert events(f"{text} ... 3ms DONE\n") == events(stderr)
        assert len(events(text)) == 3
