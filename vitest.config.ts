import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--conditions=source'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
