import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { type DefinitionsSource, readSource } from './definitions/catalogue.ts';
import { Analytics } from './offline/analytics.ts';
import { checkEnding, columnsOfFile, convertFile } from './offline/entity-file.ts';
import { type HistoricalRequest, type HistoricalResult, writeHistorical } from './offline/historical.ts';

/** Historical features from files to files, without a server. Formats are told by the files' names. */
export class HistoricalFiles {
  readonly #analytics: Analytics;

  /** @param scratch a folder of its own for files that live for a moment */
  constructor(scratch: string) {
    this.#analytics = new Analytics(scratch);
  }

  /** @throws as `FeatureEngine.getHistoricalFeatures`; INVALID_PARAMETER about the definitions or a file's ending */
  async join(definitions: DefinitionsSource, request: HistoricalRequest, target: string): Promise<HistoricalResult> {
    checkEnding('entities', request.entities);
    checkEnding('out', target);
    const project = await readSource(definitions);
    const entities = await this.#asParquet(request.entities);
    const isParquet = extname(target) === '.parquet';
    const result = isParquet ? target : this.#analytics.scratch('parquet');
    try {
      const facts = await writeHistorical(this.#analytics, project, { ...request, entities }, result);
      if (!isParquet) await convertFile(this.#analytics, result, target);
      return facts;
    } finally {
      if (entities !== request.entities) await rm(entities, { force: true });
      if (!isParquet) await rm(result, { force: true });
    }
  }

  /** A file's rows by column, as a request has them. */
  columns(file: string): Promise<Record<string, unknown[]>> {
    return columnsOfFile(this.#analytics, file);
  }

  /** Writes a Parquet file anew, in the format that the other file's name says. */
  async convert(parquet: string, target: string): Promise<void> {
    checkEnding('out', target);
    await convertFile(this.#analytics, parquet, target);
  }

  close(): Promise<void> {
    return this.#analytics.close();
  }

  async #asParquet(file: string): Promise<string> {
    if (extname(file) === '.parquet') return file;
    const copy = this.#analytics.scratch('parquet');
    await convertFile(this.#analytics, file, copy);
    return copy;
  }
}
