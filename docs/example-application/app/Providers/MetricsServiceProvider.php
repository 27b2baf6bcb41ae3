<?php

namespace App\Providers;

use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Queue\Events\JobFailed;
use Illuminate\Support\Facades\Queue;
use Illuminate\Support\ServiceProvider;

/**
 * Says what AWS cannot see: that the scheduler runs, how long the queues are, which jobs failed.
 *
 * Each is one line of JSON on stderr, which CloudWatch Logs makes a metric of: docs/laravel-metrics.md. Not through
 * Log::info, whose lines begin with a date and are no JSON.
 */
class MetricsServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        Queue::failing(fn (JobFailed $event) => $this->say([
            'story' => 'failed_job',
            'queue' => $event->job->getQueue(),
            'job' => $event->job->resolveName(),
        ]));

        $this->callAfterResolving(Schedule::class, function (Schedule $schedule): void {
            // Two calls: the scheduler runs, also while Valkey does not answer.
            $schedule->call(fn () => $this->say(['story' => 'heartbeat']))->everyMinute()->name('story-heartbeat');
            $schedule->call(fn () => $this->sayQueues())->everyMinute()->name('story-queues');
        });
    }

    private function sayQueues(): void
    {
        foreach (config('queue.reported', ['default']) as $queue) {
            $oldest = $this->oldestJobSeconds($queue);
            $this->say([
                'story' => 'queue',
                'queue' => $queue,
                'depth' => Queue::size($queue),
                ...($oldest === null ? [] : ['oldest_seconds' => $oldest]),
            ]);
        }
    }

    /** How long the job that is next has waited; 0 if none waits, null if this version of Laravel cannot say. */
    private function oldestJobSeconds(string $queue): ?int
    {
        $connection = Queue::connection();
        if (! method_exists($connection, 'creationTimeOfOldestPendingJob')) {
            return null;
        }
        $created = $connection->creationTimeOfOldestPendingJob($queue);

        return $created === null ? 0 : max(0, time() - (int) $created);
    }

    /** @param array<string, string|int> $line */
    private function say(array $line): void
    {
        // schedule:work passes on what its commands write, and cuts line feeds from its beginning. The blank before the
        // line feed keeps it, so that the line stands alone also after "Running [...]", which has none.
        file_put_contents('php://stderr', " \n".json_encode($line, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES)."\n");
    }
}
