# syntax=docker/dockerfile:1
# The platform, with all that it is made of: docker build .
# Node runs the TypeScript source as it is, so nothing is compiled: the first stage only gathers production dependencies.
FROM docker.io/library/node:26.10.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
COPY engines engines
COPY sdk sdk
COPY examples/flight-delays examples/flight-delays
COPY platform-api platform-api
# Not `npm ci`: it refuses a lock file that lacks optional binaries of other machines. What the lock names is kept to.
# ONNX Runtime's package brings the binaries of other systems along.
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund --workspace=platform-api --include-workspace-root=false \
 && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32

FROM docker.io/library/node:26.10.0-trixie-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="MLOps platform" \
      org.opencontainers.image.description="The platform API with its console and embedded engines" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="UNLICENSED"
# no package managers in what runs
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* \
 && mkdir -p /var/lib/mlops && chown 10001:10001 /var/lib/mlops
ENV NODE_ENV=production \
    MLOPS_HOST=0.0.0.0 \
    MLOPS_PORT=8080 \
    MLOPS_DATA=/var/lib/mlops
WORKDIR /app
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.MLOPS_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "platform-api/src/main.ts"]
