//! The valid_policy_graph of RFC 9618 §5, which took the place of RFC 5280's tree: one node for each policy and depth,
//! so that no certificate can make it grow beyond bounds.

use crate::{
    certificate::PathError,
    x509::{ANY_POLICY, Oid},
};

/// Most policies at one depth.
const MAX_NODES: usize = 256;

pub(super) struct PolicyGraph {
    /// From depth 0; each policy at most once at each depth. No levels: NULL.
    levels: Vec<Vec<Node>>,
}

pub(super) struct TooManyPolicies;

struct Node {
    policy: Oid,
    expected: Vec<Oid>,
    /// Policies of the depth above.
    parents: Vec<Oid>,
}

impl PolicyGraph {
    pub(super) fn new() -> Self {
        let any: Oid = ANY_POLICY.into();
        Self { levels: vec![vec![Node { policy: any.clone(), expected: vec![any], parents: Vec::new() }]] }
    }

    pub(super) fn is_null(&self) -> bool {
        self.levels.is_empty()
    }

    /// §6.1.3 (d) and (e) for one more certificate with these policies.
    pub(super) fn descend(&mut self, policies: Option<&[Oid]>, any_allowed: bool) -> Result<(), TooManyPolicies> {
        let (Some(policies), Some(above)) = (policies, self.levels.last()) else {
            self.levels.clear();
            return Ok(());
        };
        let parents_expecting = |policy: &Oid| -> Vec<Oid> {
            above.iter().filter(|node| node.expected.contains(policy)).map(|node| node.policy.clone()).collect()
        };
        let has_any_above = above.iter().any(|node| *node.policy == *ANY_POLICY);
        let node = |policy: &Oid, parents| Node { policy: policy.clone(), expected: vec![policy.clone()], parents };
        let mut level: Vec<Node> = Vec::new();
        for policy in policies.iter().filter(|policy| ***policy != *ANY_POLICY) {
            let parents = parents_expecting(policy); // (d)(1)(i)
            if !parents.is_empty() {
                level.push(node(policy, parents));
            } else if has_any_above {
                level.push(node(policy, vec![ANY_POLICY.into()])); // (d)(1)(ii)
            }
        }
        if any_allowed && policies.iter().any(|policy| **policy == *ANY_POLICY) {
            // (d)(2)
            for policy in above.iter().flat_map(|node| &node.expected) {
                if level.iter().all(|node| node.policy != *policy) {
                    level.push(node(policy, parents_expecting(policy)));
                }
                if level.len() > MAX_NODES {
                    return Err(TooManyPolicies);
                }
            }
        }
        self.levels.push(level);
        self.prune();
        Ok(())
    }

    /// §6.1.4 (a) and (b): what the next certificate calls the policies of this one.
    pub(super) fn map(&mut self, mappings: &[(Oid, Oid)], allowed: bool) -> Result<(), PathError> {
        let is_any = |policy: &Oid| **policy == *ANY_POLICY;
        if mappings.iter().any(|(from, to)| is_any(from) || is_any(to)) {
            return Err(PathError::Policy);
        }
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let mut done: Vec<&Oid> = Vec::new();
        for (from, _) in mappings {
            if done.contains(&from) {
                continue;
            }
            done.push(from);
            let expected: Vec<Oid> = mappings.iter().filter(|(f, _)| f == from).map(|(_, to)| to.clone()).collect();
            if !allowed {
                level.retain(|node| node.policy != *from);
            } else if let Some(node) = level.iter_mut().find(|node| node.policy == *from) {
                node.expected = expected;
            } else if level.iter().any(|node| is_any(&node.policy)) {
                level.push(Node { policy: from.clone(), expected, parents: vec![ANY_POLICY.into()] });
            }
        }
        self.prune();
        Ok(())
    }

    /// §6.1.3 (d)(3): drops what leads nowhere; if nothing is left, the graph is NULL.
    fn prune(&mut self) {
        for depth in (0..self.levels.len().saturating_sub(1)).rev() {
            let (upper, lower) = self.levels.split_at_mut(depth + 1);
            upper[depth].retain(|node| lower[0].iter().any(|child| child.parents.contains(&node.policy)));
        }
        if self.levels.first().is_some_and(Vec::is_empty) {
            self.levels.clear();
        }
    }

    /// §6.1.5 (g): whether the user-constrained-policy-set is not empty. An empty `wanted` is any-policy.
    pub(super) fn allows_any_of(&self, wanted: &[&[u8]]) -> bool {
        let Some(last) = self.levels.last() else { return false };
        if wanted.is_empty() || last.iter().any(|node| *node.policy == *ANY_POLICY) {
            return true;
        }
        // The policies as the roots' domain calls them: those directly below anyPolicy.
        let mut named = self.levels.iter().flatten().filter(|node| node.parents.iter().any(|p| **p == *ANY_POLICY));
        named.any(|node| wanted.contains(&node.policy.as_ref()))
    }
}
