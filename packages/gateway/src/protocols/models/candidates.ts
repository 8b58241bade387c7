import type { Candidate } from '@sallyport/core'
import type { ProvidersConfig } from '../../config-providers.ts'
import { endOf } from '../../provider-lapses.ts'
import { TRANSLATED, WIRES_OF } from './wires/index.ts'

/** Every candidate of a configuration, by the name agents use, in its order. */
export function candidatesOf(providers: ProvidersConfig): ReadonlyMap<string, readonly Candidate[]> {
  const byName = new Map<string, Candidate[]>()
  for (const [provider, config] of Object.entries(providers)) {
    for (const [model, { model: upstreamModel = model, approval, features, price, outputTokensMax }] of Object.entries(
      config.models,
    )) {
      const { baa, dpa, transfer, review, purposes, attestation } = config
      const known = byName.get(model) ?? []
      byName.set(model, known)
      known.push({
        provider,
        model,
        upstreamModel,
        wires: WIRES_OF[config.kind],
        translated: TRANSLATED,
        tier: config.tier,
        regions: [...new Set([...config.regions, ...(attestation?.subprocessors ?? []).flatMap(({ regions }) => regions)])],
        isAttested: attestation !== undefined,
        reviewedMs: review ? Date.parse(review.on) : -Infinity,
        trains: config.training,
        outputTokensMax,
        ...(price && { price }),
        ...(baa && { baa: { expiresMs: endOf(baa.expires), excludes: baa.excludes } }),
        ...(dpa && { dpa: { expiresMs: endOf(dpa.expires) } }),
        ...(transfer && { transfer: { expiresMs: endOf(transfer.expires) } }),
        ...(approval && { approval: { expiresMs: endOf(approval.expires) } }),
        ...(purposes && { purposes }),
        ...(features && { features }),
      })
    }
  }
  return byName
}
