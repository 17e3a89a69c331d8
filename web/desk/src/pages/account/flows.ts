/** Money that came or went, as marks on a curve: what is close together is one mark, so that labels do not cover each other. */
import { add } from '@/format/numbers';
import type { TransactionKind } from '@/gql/graphql';

interface Flow {
  createdAt: string;
  kind: TransactionKind;
  amount: string;
}

export interface FlowMark {
  at: string;
  amount: string;
  kinds: TransactionKind[];
}

/** How many labels fit beside each other. */
const MOST_MARKS = 9;

export function gatherFlows(flows: readonly Flow[], curve: readonly { at: string }[]): FlowMark[] {
  const [first, last] = [curve[0]?.at, curve.at(-1)?.at];
  const near = first && last ? (Date.parse(last) - Date.parse(first)) / MOST_MARKS : 0;
  const marks: FlowMark[] = [];
  for (const { createdAt, kind, amount } of [...flows].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))) {
    const before = marks.at(-1);
    if (before && Date.parse(createdAt) - Date.parse(before.at) < near) {
      before.amount = add(before.amount, amount);
      if (!before.kinds.includes(kind)) before.kinds.push(kind);
    } else marks.push({ at: createdAt, amount, kinds: [kind] });
  }
  return marks;
}
