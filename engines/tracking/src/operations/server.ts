import { Type } from 'typebox';
import { empty } from '../messages.ts';
import { operation } from './table.ts';

const server = { type: 'server' };
const Info = Type.Object({ store_type: Type.String(), workspaces_enabled: Type.Boolean() });

/** What MLflow's clients ask of the server itself: /server-info below /api/3.0/mlflow, /version at the root, as plain text. */
export const serverOperations = {
  serverInfo: operation('GET /server-info', 'read', server, empty, Info),
  serverVersion: operation('GET /version', 'read', server, empty, Type.String()),
};
