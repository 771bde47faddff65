// Runs one of the project's programs on the Node that the project pins. Plain JavaScript, because the Node that
// starts it may be older than the one that runs TypeScript; installs what is missing first.
//   node scripts/run.mjs FILE.ts [arguments]      node scripts/run.mjs --bin NAME [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const installedLock = join(modules, '.installed-lock');

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Node ${process.versions.node} is too old to start the installation: Node 20 or newer is needed.`);
  process.exit(1);
}

installWhatIsMissing();

const [first, ...rest] = process.argv.slice(2);
const command = first === '--bin' ? join(modules, '.bin', rest[0] ?? '') : pinnedNode;
const args = first === '--bin' ? rest.slice(1) : [resolve(first ?? ''), ...rest];
// `npm start -w PART` runs in the part's folder: the paths that a person gives are meant from where that person stands.
const { INIT_CWD, npm_lifecycle_event } = process.env;
const child = spawn(command, args, {
  stdio: 'inherit',
  cwd: npm_lifecycle_event === 'start' && INIT_CWD ? INIT_CWD : process.cwd(),
  env: {
    ...process.env,
    PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(modules, '.cache', 'compiled'),
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`cannot start ${command}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
  else process.exit(code ?? 1);
});

function installWhatIsMissing() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(pinnedNode) && existsSync(installedLock) && readFileSync(installedLock, 'utf8') === lock) return;
  console.error('Installing dependencies (once; about half a minute) …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (npm.status === 0 && !existsSync(pinnedNode)) {
    // Where install scripts are switched off, the pinned Node has not put its program in place yet.
    spawnSync('npm', ['rebuild', 'node', '--foreground-scripts'], { cwd: root, stdio: ['ignore', 2, 2] });
  }
  if (npm.status !== 0 || !existsSync(pinnedNode)) {
    console.error('The dependencies could not be installed; the lines above say why.');
    process.exit(1);
  }
  writeFileSync(installedLock, lock);
}
