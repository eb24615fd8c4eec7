//! Whether a policy's controls are met, and what is missing where they are not.

use super::{STEP, mfa_cannot_be_met};
use crate::decide::Request;
use crate::decision::{AccessType, Reason, Refusal, Requirement};
use crate::snapshot::{Controls, Operator, Strength};

/// What one policy says.
pub(super) enum Verdict {
    NotApplied,
    Met,
    Blocks,
    Unmet(Unmet),
}

/// What is missing, of one policy or of all.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a control")]
pub(super) struct Unmet {
    mfa: bool,
    /// Flags in the order of [`Strength::ALL`]: a list would allocate where a report-only policy is not met.
    strengths: [bool; 3],
    contexts: Vec<Box<str>>,
    terms_of_use: bool,
    compliant: bool,
    hybrid: bool,
    /// MFA, a strength or a context is missing that this caller has no way to meet.
    mfa_impossible: bool,
}

/// One control of a policy.
#[derive(Clone, Copy)]
enum Control {
    Mfa,
    Strength(Strength),
    TermsOfUse,
    Compliant,
    Hybrid,
}

pub(super) fn evaluate(request: &Request<'_>, controls: &Controls) -> Verdict {
    if controls.block {
        return Verdict::Blocks;
    }
    // Nobody can be shown terms of use at direct connect.
    let terms = request.parties.access_type != AccessType::DirectConnect
        && !controls.terms_of_use.is_empty();
    // The order in which an OR policy prefers its alternatives.
    let demanded = [
        controls.mfa.then_some(Control::Mfa),
        controls.strength.map(Control::Strength),
        terms.then_some(Control::TermsOfUse),
        controls.compliant_device.then_some(Control::Compliant),
        controls.hybrid_joined_device.then_some(Control::Hybrid),
    ];
    let demanded = || demanded.into_iter().flatten();
    if demanded().next().is_none() {
        return Verdict::NotApplied;
    }
    let mut unmet = Unmet::default();
    match controls.operator {
        Operator::And => {
            for control in demanded().filter(|control| !met(request, controls, *control)) {
                unmet.control_missing(control, mfa_cannot_be_met(request));
            }
        }
        Operator::Or if demanded().any(|control| met(request, controls, control)) => {}
        Operator::Or => {
            let easiest = demanded()
                .find(|control| can_be_met(request, *control))
                .or_else(|| demanded().next());
            if let Some(control) = easiest {
                unmet.control_missing(control, mfa_cannot_be_met(request));
            }
        }
    }
    if unmet.is_empty() {
        Verdict::Met
    } else {
        Verdict::Unmet(unmet)
    }
}

/// What a policy demands, in the words of requirements.
pub(super) fn told(controls: &Controls) -> String {
    let demanded = [
        controls.mfa.then_some(Requirement::Mfa),
        controls.strength.map(Requirement::AuthStrength),
        (!controls.terms_of_use.is_empty()).then_some(Requirement::TermsOfUse),
        controls
            .compliant_device
            .then_some(Requirement::CompliantDevice),
        controls
            .hybrid_joined_device
            .then_some(Requirement::HybridJoinedDevice),
    ];
    let demanded: Vec<String> = demanded
        .into_iter()
        .flatten()
        .map(|control| control.to_string())
        .collect();
    demanded.join(match controls.operator {
        Operator::And => " and ",
        Operator::Or => " or ",
    })
}

fn met(request: &Request<'_>, controls: &Controls, control: Control) -> bool {
    let trust = &request.trust;
    let proofs = request.subject.proofs;
    match control {
        Control::Mfa | Control::Strength(Strength::Multifactor) => trust.mfa_counts(),
        Control::Strength(Strength::Passwordless) => {
            trust.mfa_counts() && trust.home_mfa && proofs.passwordless
        }
        Control::Strength(Strength::PhishingResistant) => {
            trust.mfa_counts() && trust.home_mfa && proofs.phishing_resistant
        }
        Control::TermsOfUse => controls
            .terms_of_use
            .iter()
            .all(|agreement| request.context.terms_accepted.contains(agreement)),
        Control::Compliant => trust.compliant,
        Control::Hybrid => trust.hybrid,
    }
}

fn can_be_met(request: &Request<'_>, control: Control) -> bool {
    match control {
        Control::Mfa | Control::Strength(_) => !mfa_cannot_be_met(request),
        Control::TermsOfUse | Control::Compliant | Control::Hybrid => true,
    }
}

impl Unmet {
    fn control_missing(&mut self, control: Control, mfa_impossible: bool) {
        match control {
            Control::Mfa => {
                self.mfa = true;
                self.mfa_impossible |= mfa_impossible;
            }
            Control::Strength(strength) => {
                for (unmet, of) in self.strengths.iter_mut().zip(Strength::ALL) {
                    *unmet |= of == strength;
                }
                self.mfa_impossible |= mfa_impossible;
            }
            Control::TermsOfUse => self.terms_of_use = true,
            Control::Compliant => self.compliant = true,
            Control::Hybrid => self.hybrid = true,
        }
    }

    pub(super) fn context_missing(&mut self, context: &str, mfa_impossible: bool) {
        self.contexts.push(context.into());
        self.mfa_impossible |= mfa_impossible;
    }

    pub(super) fn add(&mut self, other: Self) {
        let Self {
            mfa,
            strengths,
            contexts,
            terms_of_use,
            compliant,
            hybrid,
            mfa_impossible,
        } = other;
        self.mfa |= mfa;
        for (unmet, other) in self.strengths.iter_mut().zip(strengths) {
            *unmet |= other;
        }
        self.contexts.extend(contexts);
        self.terms_of_use |= terms_of_use;
        self.compliant |= compliant;
        self.hybrid |= hybrid;
        self.mfa_impossible |= mfa_impossible;
    }

    fn is_empty(&self) -> bool {
        let Self {
            mfa,
            strengths,
            contexts,
            terms_of_use,
            compliant,
            hybrid,
            mfa_impossible: _,
        } = self;
        let controls = [*mfa, *terms_of_use, *compliant, *hybrid];
        !controls.iter().chain(strengths).any(|unmet| *unmet) && contexts.is_empty()
    }

    /// In the order of `interface.md`; contexts in the order the app demands them.
    pub(super) fn requirements(&self, demanded: &[Box<str>]) -> Vec<Requirement> {
        let mut list = Vec::new();
        if self.mfa {
            list.push(Requirement::Mfa);
        }
        list.extend(
            (Strength::ALL.into_iter().zip(self.strengths))
                .filter(|(_, unmet)| *unmet)
                .map(|(strength, _)| Requirement::AuthStrength(strength)),
        );
        list.extend(
            demanded
                .iter()
                .filter(|context| self.contexts.contains(context))
                .map(|context| Requirement::AuthContext(context.clone())),
        );
        let flags = [
            (self.terms_of_use, Requirement::TermsOfUse),
            (self.compliant, Requirement::CompliantDevice),
            (self.hybrid, Requirement::HybridJoinedDevice),
        ];
        list.extend(
            flags
                .into_iter()
                .filter(|(unmet, _)| *unmet)
                .map(|(_, requirement)| requirement),
        );
        list
    }

    /// The first of what is missing, in the order of step 8.
    pub(super) fn into_refusal(self, demanded: &[Box<str>]) -> Result<(), Refusal> {
        let reason = if self.compliant {
            Reason::DeviceNotCompliant
        } else if self.hybrid {
            Reason::DeviceNotHybridJoined
        } else if self.mfa_impossible {
            Reason::MfaCannotBeMet
        } else if self.mfa || self.strengths.contains(&true) || !self.contexts.is_empty() {
            Reason::MfaRequired
        } else if self.terms_of_use {
            Reason::TermsOfUseRequired
        } else {
            return Ok(());
        };
        let mut refusal = Refusal::new(STEP, reason);
        refusal.requirements = self.requirements(demanded);
        Err(refusal)
    }
}
