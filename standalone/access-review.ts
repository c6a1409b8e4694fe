// The one user may do everything, whatever is asked about: so kubectl, which asks in protobuf, can be answered too.

const REASON = 'the standalone API has one user, who may do all that it does';
const ANYTHING = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
const ANY_PATH = { verbs: ['*'], nonResourceURLs: ['*'] };

const REVIEWS: Record<string, unknown> = {
  selfsubjectaccessreviews: {
    kind: 'SelfSubjectAccessReview',
    spec: {},
    status: { allowed: true, reason: REASON },
  },
  selfsubjectrulesreviews: {
    kind: 'SelfSubjectRulesReview',
    spec: {},
    status: { resourceRules: [ANYTHING], nonResourceRules: [ANY_PATH], incomplete: false },
  },
};

/** What is answered to a POST of that path: `kubectl auth can-i`, with or without `--list`; else undefined. */
export function accessReview(path: string): unknown {
  const plural = /^\/apis\/authorization\.k8s\.io\/v1\/(\w+)$/.exec(path)?.[1] ?? '';
  if (!Object.hasOwn(REVIEWS, plural)) return undefined;
  return { apiVersion: 'authorization.k8s.io/v1', metadata: {}, ...(REVIEWS[plural] as object) };
}
