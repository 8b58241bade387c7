import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['sallyport-source'] },
  ssr: { resolve: { conditions: ['sallyport-source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts', 'conformance/providers/*.test.ts'],
    setupFiles: ['tools/property-seed.ts'],
    globalSetup: ['packages/gateway/src/fixtures/postgres-setup.ts'],
    pool: 'forks',
    execArgv: ['--conditions=sallyport-source'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
