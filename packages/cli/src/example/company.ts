/** What the example company knows at the start. Names, numbers and addresses are invented; the IBANs fail their check digits. */
export const DEPARTMENTS = ['facilities', 'finance', 'it'] as const
export const ORDER_STATUSES = ['draft', 'open', 'received', 'reconciled', 'disputed'] as const

export const ORDERS = [
  {
    id: 'PO-1001',
    department: 'facilities',
    supplierId: 'S-01',
    amount: 1840,
    currency: 'EUR',
    status: 'received',
    notes: 'desk lamps, 40 pieces',
  },
  {
    id: 'PO-1002',
    department: 'facilities',
    supplierId: 'S-02',
    amount: 12600,
    currency: 'EUR',
    status: 'open',
    notes: 'heat pump service',
  },
  {
    id: 'PO-1003',
    department: 'finance',
    supplierId: 'S-03',
    amount: 5200,
    currency: 'EUR',
    status: 'open',
    notes: 'audit software seats',
  },
  {
    id: 'PO-1004',
    department: 'it',
    supplierId: 'S-03',
    amount: 23900,
    currency: 'EUR',
    status: 'received',
    notes: 'laptops, 18 pieces',
  },
  {
    id: 'PO-1005',
    department: 'facilities',
    supplierId: 'S-04',
    amount: 310,
    currency: 'EUR',
    status: 'received',
    notes: 'door signs',
  },
] as const

/** Rating is 1 to 5. `iban`, `taxId` and `notes` are for the company's own eyes. */
export const SUPPLIERS = [
  {
    id: 'S-01',
    name: 'Meridian Lighting',
    contact: 'orders@meridian-lighting.example',
    rating: 4,
    iban: 'DE00100100100000000001',
    taxId: 'DE000000001',
    notes: 'pays late fees back on request',
  },
  {
    id: 'S-02',
    name: 'Norrland Climate',
    contact: 'service@norrland-climate.example',
    rating: 5,
    iban: 'SE0000000000000000000002',
    taxId: 'SE000000000201',
    notes: 'framework contract until March',
  },
  {
    id: 'S-03',
    name: 'Keystone Office IT',
    contact: 'sales@keystone-it.example',
    rating: 3,
    iban: 'FR0000000000000000000000003',
    taxId: 'FR00000000003',
    notes: 'two open complaints, do not tell them',
  },
  {
    id: 'S-04',
    name: 'Halden Signs',
    contact: 'hello@halden-signs.example',
    rating: 4,
    iban: 'NO0000000000004',
    taxId: 'NO000000004',
    notes: 'one-person company',
  },
] as const

export const EMPLOYEES = [
  { id: 'E-01', name: 'Alice Moreau', department: 'facilities', email: 'alice@company.com', salary: 61000 },
  { id: 'E-02', name: 'Bob Lindqvist', department: 'finance', email: 'bob@company.com', salary: 68000 },
  { id: 'E-03', name: 'Chidi Okafor', department: 'it', email: 'chidi@company.com', salary: 64500 },
] as const

export const INBOX = [
  {
    id: 'M-01',
    from: 'orders@meridian-lighting.example',
    subject: 'Revised terms for PO-1001',
    body: 'Please see our terms sheet in your documents folder: suppliers/meridian-terms.',
  },
  {
    id: 'M-02',
    from: 'bob@company.com',
    subject: 'Month end',
    body: 'Please reconcile the received orders of facilities before Friday.',
  },
] as const
