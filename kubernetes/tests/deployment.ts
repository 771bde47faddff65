/** A Deployment in the platform's namespace whose container has this security context. */
export const deployment = (name: string, securityContext: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'mlops' },
  spec: {
    selector: { matchLabels: { name } },
    template: {
      metadata: { labels: { name } },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'main',
            image: 'ghcr.io/mlflow/mlflow:v3.15.1-full',
            resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '1Gi' } },
            securityContext,
          },
        ],
      },
    },
  },
});
