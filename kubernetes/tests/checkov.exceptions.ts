/** Checkov's rules that are not kept, each with its reason and the only objects that may break it ('*': all). */
export const exceptions: Readonly<Record<string, { readonly reason: string; readonly objects: readonly string[] }>> = {
  CKV_K8S_15: {
    reason:
      'Images are named by an immutable version (by digest once it is locked), so pulling each time only adds a dependency on the registry to every restart.',
    objects: ['*'],
  },
  CKV_K8S_43: {
    reason:
      'Digests come from the registries by images/lock.ts; an image whose digest is not locked yet is pinned by version and marked in images.lock.json.',
    objects: ['*'],
  },
  CKV_K8S_35: {
    reason:
      'MLflow, the platform and the jobs that make databases and their tables take their database from the environment and from nowhere else.',
    objects: [
      'Deployment.mlflow.mlflow',
      'Job.mlflow.mlflow-migrate-v3-15-1',
      'Job.mlflow.databases-v1',
      'Deployment.mlops.platform-api',
      'Job.mlops.platform-migrate-v0-1-0',
    ],
  },
  CKV_K8S_38: {
    reason: 'These talk to the API server: Alloy reads logs, the drill makes restores.',
    objects: ['StatefulSet.monitoring.alloy', 'CronJob.velero.restore-drill'],
  },
};
