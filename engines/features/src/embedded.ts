import { rm } from 'node:fs/promises';
import { type Database, migrate } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import { AppliedDefinitions, type AppliedDefinitionsOptions } from './definitions/applied.ts';
import { Catalogue, type Definitions, type DefinitionsSource } from './definitions/catalogue.ts';
import { DefinitionsStore } from './definitions/store.ts';
import { type DefinitionsTables, definitionsTables } from './definitions/tables.ts';
import type {
  Erased,
  EraseRequest,
  FeatureEngine,
  FeatureHost,
  HistoricalRows,
  IncrementalRequest,
  Materialisation,
  MaterialisedInterval,
  MaterializedUntil,
  MaterializeRequest,
  PushRequest,
  WriteRequest,
  Written,
} from './engine.ts';
import { type Materialised, Materialiser, refuseRunning } from './materialise/materialiser.ts';
import { type MaterialisationTables, materialisationSchema } from './materialise/schema.ts';
import { MaterialisationStore } from './materialise/store.ts';
import type { FeatureView, Project } from './model.ts';
import { Analytics } from './offline/analytics.ts';
import { appendRows } from './offline/append.ts';
import { entityFile } from './offline/entity-rows.ts';
import { type HistoricalRequest, type HistoricalResult, writeHistorical } from './offline/historical.ts';
import { takeColumns } from './offline/read-columns.ts';
import { countRows, type ViewStatistics, viewStatistics } from './offline/statistics.ts';
import { EmbeddedStore } from './online/embedded.ts';
import { rowsOf } from './online/frame.ts';
import { RedisStore } from './online/redis.ts';
import { type OnlineTables, onlineSchema } from './online/schema.ts';
import type { OnlineStore } from './online/store.ts';
import { feastRefusal, noSuchView } from './refusals.ts';
import { enrich, type Filled, type Lacking } from './retrieval/enrichment.ts';
import { type OnlineFeatures, type OnlineRequest, readOnline } from './retrieval/online.ts';
import { coerceKey } from './values/coerce.ts';
import { serializeEntityKey } from './values/entity-key.ts';

export interface FeaturesOptions {
  /** Keeps what was materialised, and the online rows where no Redis does. Whoever opened it closes it. */
  readonly database: Database<unknown>;
  /** A Redis with Feast's layout, as redis:// or rediss://. */
  readonly online?: string | undefined;
  /** A folder of its own for files that live for a moment; what is in it is removed. */
  readonly scratch: string;
}

/** Feature stores in this process, of projects that share an online store and DuckDB. */
interface FeatureStores {
  /** The store of one project: one for each name. */
  readonly store: (definitions: Definitions) => FeatureEngine;
  readonly materialized: () => Promise<readonly MaterializedUntil[]>;
  /** @throws DATABASE_UNAVAILABLE */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openFeatureStores({ database, online, scratch }: FeaturesOptions): Promise<FeatureStores> {
  await migrate(database, 'features', { ...onlineSchema, ...materialisationSchema, ...definitionsTables });
  const store =
    online === undefined ? new EmbeddedStore(database.as<OnlineTables>()) : await new RedisStore(online).open();
  const analytics = new Analytics(scratch);
  const materialisations = new MaterialisationStore(database.as<MaterialisationTables>());
  return {
    store: (definitions) => new EmbeddedFeatures(definitions, store, analytics, materialisations),
    materialized: () => materialisations.until(),
    ping: () => store.ping(),
    async close() {
      // What is materialised at this moment still writes.
      await analytics.close();
      await store.close();
    },
  };
}

/** The feature store of one project in this process. @throws INVALID_PARAMETER about the definitions */
export async function openFeatures({
  definitions,
  ...options
}: FeaturesOptions & { readonly definitions: DefinitionsSource }): Promise<FeatureHost> {
  const catalogue = await Catalogue.open(definitions);
  const { store, materialized, ping, close } = await openFeatureStores(options);
  const engine = store(catalogue);
  return {
    engine: async () => engine,
    materialized,
    ping,
    async close() {
      catalogue.close();
      await close();
    },
  };
}

export interface AppliedFeatures extends FeatureHost {
  readonly definitions: AppliedDefinitions;
}

/** The feature stores of all projects whose definitions are applied by calls. */
export async function openAppliedFeatures(
  options: FeaturesOptions & Omit<AppliedDefinitionsOptions, 'store'>,
): Promise<AppliedFeatures> {
  const { store, materialized, ping, close } = await openFeatureStores(options);
  const definitions = new AppliedDefinitions({
    ...options,
    store: new DefinitionsStore(options.database.as<DefinitionsTables>()),
  });
  const engines = new Map<string, FeatureEngine>();
  return {
    definitions,
    materialized,
    ping,
    close,
    async engine(project) {
      const current = await definitions.of(project);
      const engine = engines.get(project) ?? store(current);
      engines.set(project, engine);
      return engine;
    },
  };
}

class EmbeddedFeatures implements FeatureEngine {
  readonly #definitions: Definitions;
  readonly #online: OnlineStore;
  readonly #analytics: Analytics;
  readonly #materialiser: Materialiser;
  readonly #materialisations: MaterialisationStore;

  constructor(
    definitions: Definitions,
    online: OnlineStore,
    analytics: Analytics,
    materialisations: MaterialisationStore,
  ) {
    this.#definitions = definitions;
    this.#online = online;
    this.#analytics = analytics;
    this.#materialisations = materialisations;
    this.#materialiser = new Materialiser(analytics, online, this.#materialisations);
  }

  project(): Project {
    return this.#definitions.current;
  }

  getOnlineFeatures(request: OnlineRequest): Promise<OnlineFeatures> {
    return readOnline(this.project(), this.#online, request);
  }

  enrich(service: string, request: Lacking): Promise<Filled> {
    return enrich(this.project(), service, request, (asked) => this.getOnlineFeatures(asked));
  }

  getHistoricalFeatures(request: HistoricalRequest, target: string): Promise<HistoricalResult> {
    return writeHistorical(this.#analytics, this.project(), request, target);
  }

  async historicalFile({ entities, ...request }: HistoricalRows): Promise<string> {
    const given = await entityFile(this.#analytics, this.project(), request, entities, request.timestampColumn);
    const target = this.#analytics.scratch('parquet');
    try {
      await this.getHistoricalFeatures({ ...request, entities: given }, target);
      return target;
    } finally {
      await rm(given, { force: true });
    }
  }

  async historicalColumns(request: HistoricalRows): Promise<Record<string, unknown[]>> {
    return takeColumns(this.#analytics, await this.historicalFile(request));
  }

  async push({ source, rows, to, allowRegistryCache }: PushRequest): Promise<Written> {
    const project = await this.#projectFor(allowRegistryCache);
    const views = [...project.views.values()].filter(
      ({ streamSource }) => streamSource?.kind === 'push' && streamSource.name === source,
    );
    if (views.length === 0) {
      throw feastRefusal('PushSourceNotFoundException', 'NOT_FOUND', `Unable to find push source '${source}'.`);
    }
    // What one view refuses, none of them gets.
    const prepared =
      to === 'offline' ? [] : views.filter(({ online }) => online).map((view) => [view, rowsOf(view, rows)] as const);
    const written: Record<string, number> = {};
    for (const [view, ready] of prepared) {
      written[view.name] = await this.#online.write(project.name, featuresOf(view), ready);
    }
    // Last: it is the one step that a caller who tries again would take twice.
    if (to !== 'online') for (const each of bySource(views)) await appendRows(this.#analytics, each, rows);
    return written;
  }

  async writeToOnlineStore({ view: name, rows, allowRegistryCache }: WriteRequest): Promise<Written> {
    const project = await this.#projectFor(allowRegistryCache);
    const view = project.views.get(name);
    if (view === undefined) {
      const message = `Can't recognize feast object with a name ${name}`;
      throw feastRefusal('FeastObjectNotFoundException', 'NOT_FOUND', message);
    }
    return { [name]: await this.#online.write(project.name, featuresOf(view), rowsOf(view, rows)) };
  }

  async materialize({ start, end, views: names }: MaterializeRequest, exclusive = false): Promise<Materialisation> {
    const { project, views } = await this.#toMaterialise(names, exclusive);
    return running(views, this.#materialiser.materialize(project, views, { start, end }));
  }

  async materializeIncremental({ end, views: names }: IncrementalRequest, exclusive = false): Promise<Materialisation> {
    const { project, views } = await this.#toMaterialise(names, exclusive);
    return running(views, this.#materialiser.materializeIncremental(project, views, end));
  }

  async materialisations(name?: string): Promise<MaterialisedInterval[]> {
    const { name: project, views } = this.project();
    const asked = name === undefined ? [...views.values()] : [this.#view(name)];
    const found = await Promise.all(
      asked.map(async ({ name: view }) => {
        const intervals = await this.#materialisations.intervals(project, view);
        return intervals.map((interval) => ({ view, ...interval }));
      }),
    );
    return found.flat();
  }

  historyRows(view: FeatureView): Promise<number> {
    return countRows(this.#analytics, view);
  }

  async statistics(name: string): Promise<ViewStatistics> {
    return viewStatistics(this.#analytics, this.#view(name));
  }

  async erase({ entity }: EraseRequest): Promise<Erased> {
    const project = this.project();
    const columns = Object.keys(entity).sort();
    const views = [...project.views.values()].filter(
      (view) => view.entities.length > 0 && sameNames(columns, view.joinKeys.map(({ name }) => name).sort()),
    );
    const [first] = views;
    if (first === undefined) {
      throw new PlatformError('NOT_FOUND', `entity: no view has the key ${columns.join(', ') || '(none)'}.`, {
        field: 'entity',
      });
    }
    const parts = first.joinKeys.map(({ name, type }) => ({
      joinKey: name,
      type,
      value: coerceKey(type, entity[name], `entity.${name}`),
    }));
    return { online: await this.#online.erase(project.name, serializeEntityKey(parts), views.map(featuresOf)) };
  }

  #view(name: string): FeatureView {
    const { name: project, views } = this.project();
    const view = views.get(name);
    if (view === undefined) throw noSuchView(name, project);
    return view;
  }

  async #projectFor(allowCache = true): Promise<Project> {
    return allowCache ? this.#definitions.current : this.#definitions.fresh();
  }

  async #toMaterialise(names: readonly string[] | undefined, exclusive: boolean) {
    const project = await this.#definitions.fresh();
    const views = this.#materialiser.viewsOf(project, names);
    if (exclusive) refuseRunning(this.#materialiser.running, views);
    return { project, views };
  }
}

function running(views: readonly FeatureView[], run: Promise<readonly Materialised[]>): Materialisation {
  const done = run.then((each): Written => Object.fromEntries(each.map(({ view, rows }) => [view, rows])));
  return { views: views.map(({ name }) => name), done };
}

const known = new WeakMap<FeatureView, { view: string; features: string[] }>();

function featuresOf(view: FeatureView): { view: string; features: string[] } {
  const features = known.get(view) ?? { view: view.name, features: view.features.map(({ name }) => name) };
  known.set(view, features);
  return features;
}

/** Views of one source get its rows once. */
function bySource(views: readonly FeatureView[]): FeatureView[][] {
  return [...Map.groupBy(views, ({ batchSource }) => batchSource?.name).values()];
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
