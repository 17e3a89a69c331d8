/** The parts of pages that have several, in their order: the last word of their addresses. */
export const TABS = {
  account: ['overview', 'performance', 'ledger', 'trades', 'statements', 'proof'],
  risk: ['limits', 'events', 'rules', 'halts'],
  admin: ['users', 'audit'],
} as const;
