import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run, Version } from './registry.ts';
import type { MetricRule, Rules } from './rules.ts';

/** What a gate has found; no reason: it is passed. */
export interface Verdict {
  readonly gate: string;
  readonly refused?: string;
  /** What was looked at. */
  readonly note?: string;
}

/** Where a version comes from is known: it is ready, of a run that has finished and says what it was made of. */
export function lineage(version: Version, run: Run | undefined, { lineage: tags }: Rules): Verdict {
  const gate = 'lineage';
  if (version.status !== 'READY') return { gate, refused: `the version is ${version.status}` };
  if (!run) return { gate, refused: 'no run is named that has made it' };
  if (run.info.status !== 'FINISHED') return { gate, refused: `its run is ${run.info.status}` };
  const missing = tags.filter((tag) => !run.data.tags?.some(({ key, value }) => key === tag && value !== ''));
  if (missing.length > 0) return { gate, refused: `its run does not say ${missing.join(', ')}` };
  return { gate, note: `run ${run.info.run_id}` };
}

/** A metric is good enough by itself, and not worse than that of the version in service. */
export function metric(rule: MetricRule, run: Run | undefined, inService: Run | undefined): Verdict {
  const { metric: name, better, bound, tolerance } = rule;
  const gate = `metric ${name}`;
  const valueOf = (of: Run | undefined) => of?.data.metrics?.find(({ key }) => key === name)?.value;
  const [value, champion] = [valueOf(run), valueOf(inService)];
  if (value === undefined || !Number.isFinite(value)) return { gate, refused: 'the run has not measured it' };
  // how much worse than another value, at least 0 where it is
  const worse = (than: number) => (better === 'higher' ? than - value : value - than);
  if (worse(bound) > 0) return { gate, refused: `${value} is worse than ${bound}` };
  if (champion !== undefined && worse(champion) > tolerance)
    return { gate, refused: `${value} is worse than ${champion}, which is in service, by more than ${tolerance}` };
  return { gate, note: champion === undefined ? `${value}` : `${value}, in service ${champion}` };
}

const PICKLE = 0x80;
/** Files of a model that are text, whatever their names: they may begin with anything. */
const executable = /\.(pkl|pickle|joblib|pt|pth|ckpt|bin|h5|keras|so|dll|dylib|sh|py|pyc)$/i;

/** Nothing among the files can run code when it is opened, and there is an example to ask the model by. */
export async function contents(folder: string, files: readonly string[]): Promise<Verdict> {
  const gate = 'contents';
  for (const file of files) {
    if (executable.test(file))
      return { gate, refused: `${file} may run code when it is opened; export the model as ONNX` };
    const handle = await open(join(folder, file));
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
      // protocol 2 and later: https://docs.python.org/3/library/pickletools.html
      if (bytesRead === 2 && buffer[0] === PICKLE && (buffer[1] ?? 0) >= 2 && (buffer[1] ?? 0) <= 5)
        return { gate, refused: `${file} is a pickle, which runs code when it is opened` };
    } finally {
      await handle.close();
    }
  }
  if (!files.some((file) => file.endsWith('.onnx'))) return { gate, refused: 'there is no .onnx file' };
  if (!files.some((file) => file.endsWith('serving_input_example.json')))
    return { gate, refused: 'there is no input example to ask it by: log one with the model' };
  return { gate, note: `${files.length} files` };
}
