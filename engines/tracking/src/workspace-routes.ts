import { PlatformError } from '@mlops/errors';
import type { Operation } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { workspaceOperations } from './operations/index.ts';
import type { TrackingRoutesOptions, WorkspaceInfo, Workspaces } from './routes-options.ts';
import { decodeRequest } from './wire/decode.ts';

type Name = keyof typeof workspaceOperations;
type Input = Partial<Record<'name' | 'workspace_name' | 'description' | 'default_artifact_root', string>>;

/** MLflow's workspace API; its client takes 201 and 204 where they are meant. */
export function workspaceRoutes(scope: FastifyInstance, { pipeline, workspaces }: TrackingRoutesOptions): void {
  const serve = (name: Name, answer: (workspaces: Workspaces, input: Input) => Promise<unknown>, status = 200) => {
    const operation: Operation = workspaceOperations[name];
    scope.route({
      method: operation.method,
      url: operation.path,
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        const given = { ...(request.body as object | undefined), ...(request.params as object) };
        const input = decodeRequest<Input>(operation.request, given);
        const body = await pipeline({ name, operation, input, caller: callerOf(request) }, async () => {
          if (!workspaces) throw disabled();
          if (input.default_artifact_root) throw noRoots();
          return answer(workspaces, input);
        });
        return reply.code(status).send(status === 204 ? undefined : body);
      },
    });
  };
  serve('listWorkspaces', async (all) => ({ workspaces: (await all.list()).map(view) }));
  serve('getWorkspace', async (all, { workspace_name = '' }) => ({ workspace: view(await all.get(workspace_name)) }));
  serve(
    'createWorkspace',
    async (all, { name = '', description = '' }) => ({ workspace: view(await all.create({ name, description })) }),
    201,
  );
  serve('updateWorkspace', async (all, { workspace_name = '', description }) => {
    if (description === undefined) throw nothingToUpdate();
    return { workspace: view(await all.update(workspace_name, description)) };
  });
  serve('deleteWorkspace', (all, { workspace_name = '' }) => all.delete(workspace_name), 204);
}

function view({ name, description }: WorkspaceInfo) {
  return { name, ...(description === '' ? {} : { description }) };
}

function disabled(): PlatformError {
  return new PlatformError(
    'NOT_IMPLEMENTED',
    'Workspace APIs are not available: workspaces are not enabled on this server.',
  );
}

function noRoots(): PlatformError {
  const message = "A workspace's artifacts lie below the server's own root; leave default_artifact_root out.";
  return new PlatformError('INVALID_PARAMETER', message, { field: 'default_artifact_root' });
}

function nothingToUpdate(): PlatformError {
  return new PlatformError('INVALID_PARAMETER', 'Workspace update must have at least one key.');
}
