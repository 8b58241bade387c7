import { embeddedLeases } from './embedded-leases.ts'
import { leasesContract } from './leases.contract.ts'

leasesContract({
  name: 'embedded',
  isShared: false,
  open: () => Promise.resolve({ of: () => embeddedLeases, close: () => Promise.resolve() }),
})
