import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'
import type { Anchor } from '../anchor.ts'
import { followAnchors, type Anchoring } from '../anchors/follow-anchors.ts'
import { openRfc3161Anchor } from '../anchors/rfc3161/index.ts'
import { openS3Anchor } from '../anchors/s3/index.ts'
import type { AnchorsConfig } from '../config-anchors.ts'
import type { Stores } from './stores.ts'

/** Gives checkpoints to the anchors of the configuration; `undefined` where there are none. @throws GatewayError `CONFIG_*` */
export async function anchorLog(stores: Stores): Promise<Anchoring | undefined> {
  const { loaded, audit, leases, cursors, record, log, nowMs, closing } = stores
  const configured = loaded.config.anchors
  if (configured.length === 0) return undefined
  const anchors = await Promise.all(configured.map(async (one) => ({ anchor: await open(one, stores), everyMs: one.everyMs })))
  const anchoring = followAnchors({ log: audit, anchors, leases, cursors, record, report: log, nowMs })
  closing.push(() => anchoring.close())
  return anchoring
}

async function open(config: AnchorsConfig[number], { home, audit, nowMs }: Stores): Promise<Anchor> {
  if (config.type === 's3') return openS3Anchor(config, { origin: audit.key.name, nowMs })
  return openRfc3161Anchor(config, { dir: home.stampsDir, roots: readRootsFile(config.roots), randomBytes })
}

function readRootsFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', 'anchors: the file of roots cannot be read', { cause })
  }
}
