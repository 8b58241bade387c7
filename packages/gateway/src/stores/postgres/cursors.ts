import { GatewayError, type CursorStore } from '@sallyport/core'
import { z } from 'zod'
import { CursorName } from '../../cursor-name.ts'
import type { Queries } from './open-pool.ts'

const Position = z.int().min(0)

/** Cursors in a table: any replica goes on where another stopped. */
export function openPostgresCursors(database: Queries): CursorStore {
  return {
    async get(name) {
      const { rows } = await database.query<{ next: string }>('SELECT next FROM sallyport.cursor WHERE name = $1', [named(name)])
      return Position.parse(Number(rows[0]?.next ?? 0))
    },
    async set(name, next) {
      if (!Position.safeParse(next).success) throw new GatewayError('STORE_UNAVAILABLE', 'a cursor cannot be read or stored')
      await database.query(
        'INSERT INTO sallyport.cursor (name, next) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET next = EXCLUDED.next, at = now()',
        [named(name), next],
      )
    },
  }
}

function named(name: string): string {
  if (!CursorName.safeParse(name).success) throw new GatewayError('STORE_UNAVAILABLE', 'a cursor cannot be read or stored')
  return name
}
