/**
 * Who talks to whom, written by hand: the network policies must come to exactly this. A port alone is TCP.
 * Every pod may ask the cluster's DNS; instance metadata is in no line, because nobody may.
 */
export const inside: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ingress/nginx-ingress': { 'mlops/platform-api': '8080', 'monitoring/grafana': '3000' },
  'ingress/edge-gateway': {
    'mlops/platform-api': '8080',
    'monitoring/grafana': '3000',
    'operators/gateway-controller': '8443',
  },
  // models run in the platform's own processes: neither KServe, Feast nor the API server is asked by it
  'mlops/platform-api': { 'mlflow/mlflow': '5000' },
  'kserve/kserve-gateway': {
    'team-data-science/model': '8080',
    'team-clinical/clinical-model': '8080',
    'operators/gateway-controller': '8443',
  },
  'team-data-science/job': { 'mlops/platform-api': '8080' },
  'team-clinical/clinical-job': { 'mlops/platform-api': '8080' },
  'flink/flink': { 'flink/flink': '6121 6122 6123 6124' },
  'operators/flink-operator': { 'flink/flink': '8081' },
  'keda/keda': { 'monitoring/prometheus': '9090' },
  'keda/keda-metrics': { 'keda/keda': '9666' },
  'monitoring/prometheus': {
    'monitoring/prometheus': '9090',
    'monitoring/alertmanager': '9093',
    'monitoring/grafana': '3000',
    'monitoring/loki': '3100',
    'monitoring/alloy': '12345',
    'monitoring/blackbox-exporter': '9115',
    'monitoring/kube-state-metrics': '8080',
    'monitoring/prometheus-operator': '8080',
    'mlops/platform-api': '8080',
    'feast/feast': '8000',
    'flink/flink': '9249',
    'velero/velero': '8085',
    'ingress/nginx-ingress': '9113',
    'ingress/edge-gateway': '9113',
    'kserve/kserve-gateway': '9113',
    'team-data-science/model': '8080 8082',
    'team-clinical/clinical-model': '8080 8082',
    'cert-manager/cert-manager': '8080 9402',
    'external-secrets/external-secrets': '8080 9402',
    'keda/keda': '8080 9402',
    'keda/keda-metrics': '8080 9402',
    'operators/gateway-controller': '8080 9402',
    'operators/flink-operator': '8080 9402',
    'operators/reloader': '8080 9402',
    'feast-operator-system/feast-operator': '8080 9402',
  },
  'monitoring/alertmanager': { 'monitoring/alertmanager': '9094 9094/UDP' },
  'monitoring/grafana': {
    'monitoring/prometheus': '9090',
    'monitoring/loki': '3100',
    'monitoring/alertmanager': '9093',
  },
  'monitoring/loki': { 'monitoring/loki': '7946 9095' },
  'monitoring/alloy': { 'monitoring/loki': '3100', 'monitoring/alloy': '12345' },
  'monitoring/blackbox-exporter': { 'mlflow/mlflow': '5000' },
};

/** To places outside of the cluster. vpc stands for databases, private endpoints and the API server. */
export const outside: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'mlops/platform-api': { internet: '443', vpc: '443 5432', 'pod identity agent': '80' },
  'mlflow/mlflow': { vpc: '443 5432', 'pod identity agent': '80' },
  'mlflow/mlflow-migrate': { vpc: '5432' },
  'mlops/platform-migrate': { vpc: '5432' },
  'mlflow/databases': { vpc: '5432' },
  'feast/feast': { vpc: '443 5432 6379', 'pod identity agent': '80' },
  'feast/feast-materialise': { vpc: '443 5432 6379', 'pod identity agent': '80' },
  'flink/flink': { vpc: '443 9094', 'pod identity agent': '80' },
  'team-data-science/model': { internet: '443', vpc: '443', 'pod identity agent': '80' },
  'team-data-science/job': { internet: '443', vpc: '443', 'pod identity agent': '80' },
  // no internet for regulated teams
  'team-clinical/clinical-model': { vpc: '443', 'pod identity agent': '80' },
  'team-clinical/clinical-job': { vpc: '443', 'pod identity agent': '80' },
  'monitoring/prometheus': { vpc: '443 9100 10250' },
  'monitoring/alertmanager': { internet: '443' },
  'monitoring/grafana': { vpc: '5432' },
  'monitoring/loki': { vpc: '443', 'pod identity agent': '80' },
  'monitoring/alloy': { vpc: '443' },
  'monitoring/prometheus-operator': { vpc: '443' },
  'monitoring/kube-state-metrics': { vpc: '443' },
  'ingress/nginx-ingress': { vpc: '443' },
  'kserve/kserve-controller': { vpc: '443' },
  'operators/gateway-controller': { vpc: '443' },
  'operators/flink-operator': { vpc: '443' },
  'operators/reloader': { vpc: '443' },
  'feast-operator-system/feast-operator': { vpc: '443' },
  'keda/keda': { vpc: '443' },
  'keda/keda-metrics': { vpc: '443' },
  'cert-manager/cert-manager': { internet: '443', vpc: '443', 'pod identity agent': '80' },
  'external-secrets/external-secrets': { vpc: '443', 'pod identity agent': '80' },
  'velero/velero': { internet: '443', vpc: '443', 'pod identity agent': '80' },
  'velero/restore-drill': { vpc: '443' },
};

/** From the internet: the edge and nothing else. */
export const fromInternet: Readonly<Record<string, string>> = {
  'ingress/nginx-ingress': '80 443',
  'ingress/edge-gateway': '80 443',
};

/**
 * From the VPC, where the API server's interfaces are: webhooks and aggregated APIs, on the port of the pod (a Service's own is
 * another), as each project's manifests have them.
 */
export const fromVpc: Readonly<Record<string, string>> = {
  // the webhook, and its kubelet's question about it
  'cert-manager/cert-manager': '6080 10250',
  'external-secrets/external-secrets': '10250',
  // the aggregated metrics API, and the webhook: one policy for the namespace
  'keda/keda': '6443 9443',
  'keda/keda-metrics': '6443 9443',
  'kserve/kserve-controller': '9443',
  'monitoring/prometheus-operator': '10250',
  // one policy for the namespace, of which Flink's operator alone has a webhook
  'operators/flink-operator': '443 9443',
  'operators/gateway-controller': '443 9443',
  'operators/reloader': '443 9443',
  'ingress/edge-gateway': '80 443',
  'ingress/nginx-ingress': '80 443',
};
