import { type AppliedFeatures, type FeatureView, type Written, writeDefinitions } from '@mlops/features';
import type { JobDefinition, JobRun } from '@mlops/jobs';

const LOOK_SECONDS = 30;
const REGISTRY_SECONDS = 5;

export interface FeatureJobParts {
  readonly features: AppliedFeatures;
  /** Materialises for a team: an act of its own, which is audited. */
  readonly materialise: (team: string, views: readonly string[], run: () => Promise<Written>) => Promise<Written>;
  readonly onWritten: (project: string, written: Written) => void;
}

export function featureJobs({ features, materialise, onWritten }: FeatureJobParts): JobDefinition[] {
  return [
    {
      name: 'materialise-features',
      summary: 'Copies what is new into the online store, of views that say how often.',
      everySeconds: LOOK_SECONDS,
      runner: 'one',
      run: async (run) => {
        const failures: string[] = [];
        let rows = 0;
        let views = 0;
        for (const team of await features.definitions.projects()) {
          for (const view of await dueViews(features, team)) {
            run.signal.throwIfAborted();
            // One view that cannot be read must not keep others waiting.
            await perform(team, view, run).then(
              (written) => {
                rows += written;
                views += 1;
              },
              (error: Error) => failures.push(`${team}/${view.name}: ${error.message}`),
            );
          }
        }
        if (failures.length > 0) throw new Error(failures.join('; '));
        return views === 0 ? undefined : `materialised ${rows} rows of ${views} views`;
      },
    },
  ];

  async function perform(team: string, view: FeatureView, { signal }: JobRun): Promise<number> {
    signal.throwIfAborted();
    const written = await materialise(team, [view.name], async () => {
      const engine = await features.engine(team);
      return (await engine.materializeIncremental({ end: Date.now(), views: [view.name] })).done;
    });
    onWritten(team, written);
    return written[view.name] ?? 0;
  }
}

/** Copies definitions into Feast's file registry: one process does, so that nobody's project is lost there. */
export function registryJob({ definitions }: Pick<AppliedFeatures, 'definitions'>, path: string): JobDefinition {
  const written = new Map<string, number>();
  return {
    name: 'write-feature-registry',
    summary: 'Copies definitions that were applied into Feast’s registry.',
    everySeconds: REGISTRY_SECONDS,
    runner: 'one',
    run: async (run) => {
      const done: string[] = [];
      for (const team of await definitions.projects()) {
        run.signal.throwIfAborted();
        const version = await definitions.version(team);
        if (written.get(team) === version) continue;
        const left = await writeDefinitions(path, (await definitions.of(team)).current);
        written.set(team, version);
        done.push(left.length === 0 ? team : `${team} without ${left.join(', ')}, which have no history`);
      }
      return done.length === 0 ? undefined : `wrote ${done.join('; ')}`;
    },
  };
}

/** Views whose last interval ended longer ago than they want. */
async function dueViews(features: AppliedFeatures, team: string): Promise<FeatureView[]> {
  const engine = await features.engine(team);
  const scheduled = [...engine.project().views.values()].filter((view) => view.materializeEverySeconds !== undefined);
  if (scheduled.length === 0) return [];
  const until = new Map((await engine.materialisations()).map(({ view, doneUntil }) => [view, doneUntil]));
  return scheduled.filter(
    ({ name, online, batchSource, materializeEverySeconds = 0 }) =>
      online && batchSource?.kind === 'file' && Date.now() - (until.get(name) ?? 0) >= materializeEverySeconds * 1000,
  );
}
