import { toPlatformError } from '@mlops/errors';
import { type InferenceEngine, inferenceRoutes, invocationsRoutes, type PredictionEvent } from '@mlops/inference';
import type { Caller, Pipeline } from '@mlops/operations';
import { type TrackingEngine, trackingRoutes, type Workspaces } from '@mlops/tracking';
import type { FastifyInstance } from 'fastify';
import { deploymentOperations, type openDeployments } from './deployments/index.ts';
import type { Module } from './module.ts';
import { openApi } from './operations.ts';
import { INVOCATIONS_PATH, type PagesParts, pageRoutes } from './pages.ts';

export interface ProtocolsParts {
  readonly tracking: TrackingEngine;
  /** Of what an engine on the platform's database does, and of what a server elsewhere does. */
  readonly pipelines: { readonly own: Pipeline; readonly remote: Pipeline };
  readonly workspaces: Workspaces;
  readonly inference: InferenceEngine;
  readonly onPrediction: (event: PredictionEvent) => void;
  readonly features: (scope: FastifyInstance, pipeline: Pipeline) => PromiseLike<unknown>;
  readonly deployments: ReturnType<typeof openDeployments>;
  readonly visitor: PagesParts['visitor'];
  /** Whether people must sign in. */
  readonly signsIn: boolean;
}

/** What speaks to other people's tools, and the pages. */
export function protocolModule(parts: ProtocolsParts): Module {
  const { tracking, pipelines, inference, deployments, signsIn } = parts;
  const pipeline = pipelines.own;
  const overview = (caller: Caller) => {
    const call = { name: 'listDeployments', operation: deploymentOperations.listDeployments, input: {}, caller };
    return pipeline(call, deployments.overview).catch((error: unknown) => {
      const { code } = toPlatformError(error);
      if (code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED') return [];
      throw error;
    });
  };
  return {
    name: 'protocols',
    async routes(scope) {
      const tracked = tracking.sharesDatabase ? pipeline : pipelines.remote;
      await scope.register(trackingRoutes, { engine: tracking, pipeline: tracked, workspaces: parts.workspaces });
      const serving = { engine: inference, pipeline, onPrediction: parts.onPrediction };
      await scope.register(inferenceRoutes, serving);
      await scope.register(invocationsRoutes, { ...serving, url: INVOCATIONS_PATH });
      await parts.features(scope, pipeline);
      await pageRoutes({
        openApi,
        overview,
        visitor: parts.visitor,
        signsIn,
        failures: () => deployments.live.failures,
        namesFailures: !signsIn,
        isServing: () => inference.isServing(),
      })(scope);
    },
  };
}
