import { Type } from 'typebox';
import { empty } from '../messages.ts';
import { given, operation } from './table.ts';

const text = Type.String();
const workspace_name = { workspace_name: text };
const Workspace = Type.Object({ name: text, description: Type.Optional(text) });
const One = Type.Object({ workspace: Workspace });

const workspaces = { type: 'team' };
const named = (input: { workspace_name: string }) => input.workspace_name;
const workspace = { type: 'team', id: named, team: named };
const newWorkspace = {
  type: 'team',
  created: (output: { workspace: { name: string } }) => output.workspace.name,
  team: (input: { name: string }) => input.name,
};
const described = Type.Object({
  ...workspace_name,
  description: Type.Optional(text),
  default_artifact_root: Type.Optional(text),
});

/** MLflow's workspaces, below /api/3.0/mlflow: what the platform calls teams. */
export const workspaceOperations = {
  listWorkspaces: operation(
    'GET /workspaces',
    'read',
    workspaces,
    empty,
    Type.Object({ workspaces: Type.Optional(Type.Array(Workspace)) }),
  ),
  createWorkspace: operation(
    'POST /workspaces',
    'administer',
    newWorkspace,
    Type.Object({ name: text, description: Type.Optional(text), default_artifact_root: Type.Optional(text) }),
    One,
  ),
  getWorkspace: operation('GET /workspaces/:workspace_name', 'read', workspace, Type.Object(workspace_name), One),
  updateWorkspace: operation('PATCH /workspaces/:workspace_name', 'administer', workspace, described, One, {
    details: ({ description }) => given({ description }),
  }),
  deleteWorkspace: operation(
    'DELETE /workspaces/:workspace_name',
    'administer',
    workspace,
    Type.Object(workspace_name),
    empty,
  ),
};
