import { PlatformError } from '@mlops/errors';
import {
  type AppliedFeatures,
  type DefinitionsPlan,
  type FeatureConsumer,
  type FeatureEngine,
  type FeatureService,
  type FeatureView,
  onlineRows,
  type Project,
  searchProject,
  viewsToMaterialise,
  type Written,
  writableColumns,
} from '@mlops/features';
import type { Static } from 'typebox';
import { type ApiHandlers, parseTime } from '../api/index.ts';
import { type Audit, currentAct } from '../audit/index.ts';
import { applied, type featureApiOperations } from './operations.ts';

export interface FeatureHandlerParts {
  readonly features: AppliedFeatures;
  readonly audit: Audit;
  /** Whether definitions may name any folder of this machine. */
  readonly mayNameRoot: boolean;
  readonly consumersOf: (team: string) => Promise<readonly FeatureConsumer[]>;
  readonly onWritten: (project: string, written: Written) => void;
}

type Response<N extends keyof typeof featureApiOperations> = Static<(typeof featureApiOperations)[N]['response']>;

export function featureHandlers(parts: FeatureHandlerParts): ApiHandlers<typeof featureApiOperations> {
  const { features, audit, mayNameRoot, consumersOf, onWritten } = parts;
  const { definitions } = features;
  const team = () => currentAct().principal.team;
  const engine = () => features.engine(team());
  const project = async () => (await engine()).project();
  const checkRoot = ({ root }: { root?: string }) => {
    if (root === undefined || mayNameRoot) return;
    const message =
      'root: on this platform the sources of a team lie in its own folder; write their paths relative to it.';
    throw new PlatformError('INVALID_PARAMETER', message, { field: 'root' });
  };

  return {
    async listFeatureViews(page) {
      const asked = await engine();
      const until = await untilOf(asked);
      return pageOf('views', asked.project().views, page, (view) => viewFeatureView(asked.project(), view, until));
    },
    async getFeatureView({ name }) {
      const asked = await engine();
      const view = asked.project().views.get(name);
      if (view === undefined) throw unknown('feature view', name);
      return viewFeatureView(asked.project(), view, await untilOf(asked, name));
    },
    async getFeatureStatistics({ name }) {
      const { firstEvent, lastEvent, features: each, ...rest } = await (await engine()).statistics(name);
      return {
        ...rest,
        first_event: toTime(firstEvent),
        last_event: toTime(lastEvent),
        features: each.map(({ min = null, max = null, mean = null, stddev = null, ...facts }) => ({
          ...facts,
          min,
          max,
          mean,
          stddev,
        })),
      };
    },
    async listFeatureServices(page) {
      const asked = await project();
      const consumers = await consumersOf(asked.name);
      return pageOf('services', asked.services, page, (service) => viewFeatureService(asked, service, consumers));
    },
    async getFeatureService({ name }) {
      const asked = await project();
      const service = asked.services.get(name);
      if (service === undefined) throw unknown('feature service', name);
      return viewFeatureService(asked, service, await consumersOf(asked.name));
    },
    async listFeatureEntities(page) {
      return pageOf('entities', (await project()).entities, page, ({ joinKey, ...entity }) => ({
        ...entity,
        join_key: joinKey,
      }));
    },
    async searchFeatures({ q, limit = 100, page_token = '', ...query }) {
      const found = searchProject(await project(), { ...query, text: q });
      const place = (each: { kind: string; name: string }) => `${each.kind}:${each.name}`;
      const from = found.findIndex((each) => place(each) === page_token) + 1;
      const page = found.slice(from, from + limit);
      const last = page.at(-1);
      const next = last !== undefined && from + limit < found.length ? place(last) : null;
      return {
        found: page.map((each) => ({ ...each, entities: [...each.entities], features: [...each.features] })),
        next_page_token: next,
      };
    },
    async readOnlineFeatures({ entities, ...selection }) {
      const answered = await (await engine()).getOnlineFeatures({ entities, ...selected(selection) });
      return { rows: onlineRows(answered) };
    },
    async readHistoricalFeatures({ entities, timestamp_column, filter_by_created_timestamp, ...selection }) {
      const columns = await (await engine()).historicalColumns({
        entities,
        ...selected(selection),
        timestampColumn: timestamp_column,
        filterByCreatedTimestamp: filter_by_created_timestamp,
      });
      return { columns: writableColumns(columns) };
    },
    async planFeatures(asked) {
      checkRoot(asked);
      return planned(await definitions.plan(team(), asked), await engine());
    },
    async applyFeatures({ if_version, force_reason, ...asked }) {
      checkRoot(asked);
      const { id, team: project } = currentAct().principal;
      const request = { ...asked, ifVersion: if_version, forceReason: force_reason, by: id };
      const plan = await definitions.apply(project, request, (done) =>
        audit.record({
          resource: { type: 'feature-definitions', id: project },
          details: applied({ force_reason }, done),
        }),
      );
      return planned(plan, await engine());
    },
    async listMaterialisations({ view, limit = 100, page_token = '' }) {
      const all = await (await engine()).materialisations(view);
      const shown = all.map(({ start, doneUntil, end, ...rest }) => ({
        ...rest,
        start: toTime(start),
        done_until: toTime(doneUntil),
        end: toTime(end),
      }));
      const place = (each: { view: string; start: string }) => `${each.view}:${each.start}`;
      const from = shown.findIndex((each) => place(each) === page_token) + 1;
      const page = shown.slice(from, from + limit);
      const last = page.at(-1);
      return {
        materialisations: page,
        next_page_token: last !== undefined && from + limit < shown.length ? place(last) : null,
      };
    },
    async createMaterialisation({ views, start, end }) {
      const asked = await engine();
      const until = end === undefined ? Date.now() : parseTime('end', end);
      const run =
        start === undefined
          ? await asked.materializeIncremental({ end: until, views })
          : await asked.materialize({ start: parseTime('start', start), end: until, views });
      const written = await run.done;
      onWritten(asked.project().name, written);
      return { views: Object.entries(written).map(([view, rows]) => ({ view, rows })) };
    },
    async createFeatureErasure({ entity_key: entity }) {
      const { online } = await (await engine()).erase({ entity });
      return { online: [...online] };
    },
  };
}

function selected(selection: { service?: string; features?: string[]; full_feature_names?: boolean }) {
  const { service, features, full_feature_names: fullNames = false } = selection;
  return { service, features, fullNames };
}

function unknown(what: string, name: string): PlatformError {
  return new PlatformError('NOT_FOUND', `There is no ${what} '${name}'.`, { field: 'name' });
}

/** A page of things by name. */
function pageOf<N extends string, T, S extends { name: string }>(
  noun: N,
  things: ReadonlyMap<string, T>,
  { limit = 100, page_token = '' }: { limit?: number; page_token?: string },
  view: (thing: T) => S,
) {
  const rest = [...things].filter(([name]) => name > page_token).sort(([a], [b]) => (a < b ? -1 : 1));
  const page = rest.slice(0, limit).map(([, thing]) => view(thing));
  const next = rest.length > limit ? (page.at(-1)?.name ?? null) : null;
  return { [noun]: page, next_page_token: next } as { [K in N]: S[] } & { next_page_token: string | null };
}

function toTime(milliseconds: number): string;
function toTime(milliseconds: number | undefined): string | null;
function toTime(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

/** How far each view has been materialised. */
async function untilOf(engine: FeatureEngine, view?: string): Promise<ReadonlyMap<string, number>> {
  const intervals = await engine.materialisations(view);
  return new Map(intervals.map(({ view: name, doneUntil }) => [name, doneUntil]));
}

function viewFeatureView(project: Project, view: FeatureView, until: ReadonlyMap<string, number>) {
  const { name, description, owner, tags, online, pii } = view;
  const uses = ({ projections }: FeatureService) => projections.some((each) => each.view === name);
  return {
    name,
    description,
    owner,
    tags: { ...tags },
    online,
    pii,
    entities: [...view.entities],
    keys: view.entities.length === 0 ? [] : view.joinKeys.map((key) => ({ ...key })),
    features: view.features.map((feature) => ({ ...feature, tags: { ...feature.tags } })),
    source: view.streamSource?.name ?? view.batchSource?.name ?? null,
    ttl_seconds: view.ttlSeconds,
    materialize_every_seconds: view.materializeEverySeconds ?? null,
    materialized_until: toTime(until.get(name)),
    services: [...project.services.values()].filter(uses).map((service) => service.name),
  };
}

function viewFeatureService(
  { views }: Project,
  { name, description, owner, tags, projections }: FeatureService,
  consumers: readonly FeatureConsumer[],
) {
  const keys = projections.flatMap(({ view, joinKeyMap }) => {
    const found = views.get(view);
    return found === undefined || found.entities.length === 0
      ? []
      : found.joinKeys.map((key) => joinKeyMap[key.name] ?? key.name);
  });
  return {
    name,
    description,
    owner,
    tags: { ...tags },
    keys: [...new Set(keys)],
    features: projections.map(({ view, features, joinKeyMap }) => ({
      view,
      features: [...features],
      join_key_map: { ...joinKeyMap },
    })),
    deployments: consumers.filter(({ service }) => service === name).map((consumer) => consumer.name),
  };
}

/** A plan with what it means for the data. @param engine of the definitions before, or after where the plan is applied */
async function planned(plan: DefinitionsPlan, engine: FeatureEngine): Promise<Response<'planFeatures'>> {
  const { version, added, changed, removed, services, consumers, breaks, after } = plan;
  const touched = [...changed, ...removed].filter(({ kind }) => kind === 'feature_view').map(({ name }) => name);
  const until = await untilOf(engine);
  const backfill = viewsToMaterialise(after, plan).map(async (view) => {
    const rows = await engine.historyRows(view).catch((error: Error) => error);
    return {
      view: view.name,
      ...(typeof rows === 'number' ? { rows, reason: null } : { rows: null, reason: rows.message }),
    };
  });
  return {
    version,
    added: [...added],
    changed: changed.map((each) => ({ ...each, fields: [...each.fields] })),
    removed: [...removed],
    affects: {
      services: [...services],
      deployments: [...consumers],
      materialised: touched.flatMap((view) => (until.has(view) ? [{ view, until: toTime(until.get(view) ?? 0) }] : [])),
      backfill: await Promise.all(backfill),
    },
    breaks: [...breaks],
  };
}
