import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FeatureEngine, HistoricalRows } from '../engine.ts';
import { writeJson } from '../values/json.ts';

const PARQUET = 'application/vnd.apache.parquet';

/** Answers Parquet to those who accept it, else the columns as JSON: `{"df": {"driver_id": […], …}}`. */
export async function answerHistorical(
  engine: FeatureEngine,
  request: FastifyRequest,
  rows: HistoricalRows,
): Promise<(reply: FastifyReply) => FastifyReply> {
  if (!request.headers.accept?.includes(PARQUET)) {
    const columns = await engine.historicalColumns(rows);
    const text = writeJson({ df: columns });
    return (reply) =>
      reply
        .header('content-type', 'application/json')
        .serializer((sent: string) => sent)
        .send(text);
  }
  const file = await engine.historicalFile(rows);
  return (reply) => {
    const stream = createReadStream(file);
    stream.on('close', () => void rm(file, { force: true }));
    return reply.header('content-type', PARQUET).send(stream);
  };
}
