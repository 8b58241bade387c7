import type { Scope } from '@sallyport/core'

export const EXAMPLE_AGENT = 'procurement-assistant'

/** Task types of the example agent; each gets a key of its own. */
export const EXAMPLE_TASKS = ['reconcile-orders', 'answer-questions'] as const
export type ExampleTask = (typeof EXAMPLE_TASKS)[number]

/** The people of the example company. */
export const EXAMPLE_USERS = [
  { id: 'alice', roles: ['engineer', 'owner'], attributes: { department: 'facilities' } },
  { id: 'bob', roles: ['security'], attributes: { department: 'finance' } },
] as const

/** Who signs the example manifest, in which role, and the reason they give. */
export const EXAMPLE_SIGNATURES = [
  { user: 'alice', role: 'engineer', reason: 'the smallest set of tools that reconciles orders' },
  { user: 'bob', role: 'security', reason: 'writes are limited to the own department; mail and payments wait for a person' },
] as const

/** What each tool really does: the first review of the example company's tools, whatever their annotations claim. */
export const exampleEffects: Readonly<Record<string, Scope>> = {
  'erp.readPurchaseOrders': 'read',
  'erp.updatePurchaseOrder': 'write',
  'erp.createDraftPO': 'write',
  'erp.payInvoice': 'transact',
  'erp.exportTable': 'read',
  'mail.listInbox': 'read',
  'mail.sendInternal': 'send',
  'mail.sendExternal': 'send',
  'documents.search': 'read',
  'documents.read': 'read',
  'suppliers.query': 'read',
}

/** Everything people decide about the example agent, for `seedCompany`. */
export const EXAMPLE_COMPANY = {
  agent: EXAMPLE_AGENT,
  tasks: EXAMPLE_TASKS,
  users: EXAMPLE_USERS,
  reviewer: 'bob',
  effects: exampleEffects,
  signatures: EXAMPLE_SIGNATURES,
} as const

/** The text of `manifests/procurement-assistant.yaml`. */
export const EXAMPLE_MANIFEST = `# What the procurement assistant may do. It starts with nothing; every line adds. Described in docs/reference/manifest.md.
apiVersion: sallyport/v1
agent: ${EXAMPLE_AGENT}
owner: procurement-engineering
purpose: procurement
signOff: [engineer, security]
defaults: { rateLimit: { callsMax: 600, windowMs: 60000 } }

tasks:
  # Least privilege per task type: a key for one task cannot use the tools of the other.
  reconcile-orders:
    purpose: match received goods with purchase orders
    tools:
      erp.readPurchaseOrders:
        scope: read
        tier: low
        user: required
        entities: { department: "$user.department" }
        rateLimit: { callsMax: 100, windowMs: 60000 }
      erp.updatePurchaseOrder:
        scope: write
        tier: medium
        rationale: a reconciled order has to be marked
        user: required
        entities: { department: "$user.department" }
        args: { properties: { status: { enum: [reconciled, disputed] }, notes: { maxLength: 200 } } }
      erp.createDraftPO:
        scope: write
        tier: medium
        user: required
        entities: { department: "$user.department" }
        args: { properties: { amount: { maximum: 5000 } } }
        requiresHumanApproval: true
      suppliers.query:
        scope: read
        tier: low
        fields: [name, contact, rating]
      documents.search: { scope: read, tier: low }
      documents.read: { scope: read, tier: low }
      mail.listInbox: { scope: read, tier: low }
      mail.sendInternal:
        scope: send
        tier: medium
        domains: [company.com]
    resources:
      documents.docs://policies/{name}: { tier: low }
    prompts:
      documents.reconcile: { tier: low }

  answer-questions:
    purpose: answer questions of colleagues about people and policies
    tools:
      documents.search: { scope: read, tier: low }
      documents.read: { scope: read, tier: low }
      erp.exportTable:
        scope: read
        tier: low
        fields: [id, name, department]
        args: { properties: { table: { enum: [employees, suppliers] } } }
        rateLimit: { callsMax: 10, windowMs: 60000 }
    resources:
      documents.docs://policies/{name}: { tier: low }

# Overrides every grant, here and in every later version.
denied: [mail.sendExternal, erp.payInvoice, "system.*"]
`
