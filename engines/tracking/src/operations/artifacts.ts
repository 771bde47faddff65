import { Type } from 'typebox';
import { empty } from '../messages.ts';
import { artifact } from './resources.ts';
import { operation } from './table.ts';

const path = Type.Object({ path: Type.String() });
const Files = Type.Object({
  files: Type.Optional(
    Type.Array(Type.Object({ path: Type.String(), is_dir: Type.Boolean(), file_size: Type.Optional(Type.Integer()) })),
  ),
});

/** MLflow's artifact proxy, below /mlflow-artifacts. Bodies are bytes; what is up- and downloaded is data, no act of control. */
export const artifactOperations = {
  listArtifacts: operation('GET /artifacts', 'read', artifact, path, Files),
  downloadArtifact: operation('GET /artifacts/*', 'read', artifact, path, Type.Unknown()),
  uploadArtifact: operation('PUT /artifacts/*', 'write', artifact, path, empty, { effect: 'long', audited: false }),
  deleteArtifact: operation('DELETE /artifacts/*', 'delete', artifact, path, empty, {
    effect: 'long',
    announced: true,
  }),
};
