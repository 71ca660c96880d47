# One image for every process of ours; the compose file says which one runs in it. Node runs the
# TypeScript as it stands, so there is no build, and no package manager in the final image.

FROM node:26-bookworm-slim AS build
RUN npm install --global --no-fund --no-audit pnpm@12.21.0
# Only the lockfile decides what is fetched into the store: this layer is kept until it changes.
WORKDIR /fetch
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
COPY patches patches
RUN pnpm fetch --prod && rm -rf node_modules
WORKDIR /app
COPY . .
# The services with what they need, and the root for the scripts: not what brings up servers or load.
RUN pnpm install --offline --frozen-lockfile --prod --filter '{./services/*}...' --filter seatline \
    && rm -rf packages/infra packages/bench packages/proof

FROM node:26-bookworm-slim
WORKDIR /app
COPY --from=build /app /app
USER node
EXPOSE 3000
ENTRYPOINT ["node"]
CMD ["services/api-gateway/src/main.ts"]
