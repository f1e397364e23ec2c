//! What a rule does besides the pair's weights comes back as it went, byte for byte, whatever it is.

use super::*;

/// What a text may be.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z0-9/:.-]{1,12}",
        Just("a b&c=d%20+é\n".to_owned()),
    ]
}

/// An element that nobody knows: empty, text, a list, a map, and what is in those.
fn unknown() -> impl Strategy<Value = Element> {
    let name = "New[A-Z][a-z]{1,6}";
    let leaf = (name, text()).prop_map(|(name, text)| Element::text(&name, &text));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let many = prop::collection::vec(inner, 0..4);
        let part = |name: &'static str, inner: Vec<Element>| {
            let members = inner
                .into_iter()
                .map(move |it| Element::of(name, vec![it]))
                .collect();
            Element::of("NewList", members)
        };
        prop_oneof![
            (name, many.clone()).prop_map(|(name, inner)| Element::of(&name, inner)),
            many.clone().prop_map(move |inner| part("member", inner)),
            many.prop_map(move |inner| part("entry", inner)),
        ]
    })
}

fn unknowns() -> impl Strategy<Value = Vec<Element>> {
    prop::collection::vec(unknown(), 0..3)
}

/// An action that authenticates before the forward action.
fn authenticating() -> impl Strategy<Value = Element> {
    let kinds = prop_oneof![
        Just(("authenticate-oidc", "AuthenticateOidcConfig")),
        Just(("authenticate-cognito", "AuthenticateCognitoConfig")),
    ];
    (kinds, text(), text(), unknowns()).prop_map(|((kind, config), scope, value, unknowns)| {
        let entry = vec![
            Element::text("key", "prompt"),
            Element::text("value", &value),
        ];
        let parameters = Element::of(
            "AuthenticationRequestExtraParams",
            vec![Element::of("entry", entry)],
        );
        let mut parts = vec![Element::text("Scope", &scope), parameters];
        parts.extend(unknowns);
        Element::of(
            "member",
            vec![
                Element::text("Type", kind),
                Element::text("Order", "1"),
                Element::of(config, parts),
            ],
        )
    })
}

/// A forward action with the pair's groups and up to three others, in any order.
fn forward() -> impl Strategy<Value = Element> {
    let others = (0u8..4).prop_map(|others| {
        let mut groups = vec![primary_group(), canary_group()];
        groups.extend((0..others).map(|n| group(&format!("other-{n}"))));
        groups
    });
    let tuples = (
        others.prop_shuffle(),
        prop::collection::vec((0u16..=999, unknowns()), 5),
    );
    let sticky = (any::<bool>(), prop::option::of(1u32..=604_800));
    (tuples, sticky, any::<bool>(), unknowns(), unknowns())
        .prop_flat_map(
            |((groups, weights), (sticky, seconds), beside, in_config, in_action)| {
                let tuple =
                    |(group, (weight, unknowns)): (&TargetGroupArn, (u16, Vec<Element>))| {
                        let mut parts = vec![
                            Element::text("TargetGroupArn", group.as_str()),
                            Element::text("Weight", &weight.to_string()),
                        ];
                        parts.extend(unknowns);
                        Element::of("member", parts)
                    };
                let tuples = groups.iter().zip(weights).map(tuple).collect();
                let mut cookie = vec![Element::text("Enabled", &sticky.to_string())];
                let seconds = seconds.map(|it| Element::text("DurationSeconds", &it.to_string()));
                cookie.extend(seconds);
                let mut config = vec![
                    Element::of("TargetGroups", tuples),
                    Element::of("TargetGroupStickinessConfig", cookie),
                ];
                config.extend(in_config);
                let single = beside.then(|| Element::text("TargetGroupArn", groups[0].as_str()));
                let action: Vec<_> = [
                    Element::text("Type", "forward"),
                    Element::text("Order", "9"),
                ]
                .into_iter()
                .chain(single)
                .chain(in_action)
                .collect();
                (Just(config).prop_shuffle(), Just(action)).prop_flat_map(|(config, mut action)| {
                    action.push(Element::of("ForwardConfig", config));
                    Just(action).prop_shuffle()
                })
            },
        )
        .prop_map(|parts| Element::of("member", parts))
}

fn actions() -> impl Strategy<Value = Actions> {
    (prop::collection::vec(authenticating(), 0..3), forward()).prop_map(|(mut actions, forward)| {
        actions.push(forward);
        Actions::new(actions)
    })
}

/// The form fields, but for the two that AWS wants otherwise than it describes them: the client secret, of which it only
/// tells that there is one, and the single group beside a configuration of several.
fn comparable(actions: &Actions) -> Vec<(String, String)> {
    let is_same = |path: &str| {
        let parts: Vec<_> = path.split('.').collect();
        !matches!(
            parts.as_slice(),
            ["Actions", "member", _, "TargetGroupArn"]
                | [_, _, _, "AuthenticateOidcConfig", "UseExistingClientSecret"]
        )
    };
    let fields = actions.fields("Actions").into_iter();
    fields.filter(|(path, _)| is_same(path)).collect()
}

/// The sum of the weights of groups that are not the pair's.
fn of_others(actions: &Actions) -> u32 {
    let forwarding = actions.forwarding(&primary_group(), &canary_group());
    let groups = forwarding.unwrap().rest.groups;
    groups.values().copied().map(u32::from).sum()
}

fn weighing(actions: &Actions, weights: Weights) -> Actions {
    actions.weighing(&primary_group(), &canary_group(), weights)
}

proptest! {
    #[test]
    fn up_and_down_and_back_leaves_everything_else_byte_equal(
        actions in actions(), path in prop::collection::vec((0u16..=999, 0u16..=999), 1..6),
    ) {
        let before = actions.forwarding(&primary_group(), &canary_group()).unwrap();
        let mut now = actions.clone();
        for (primary, canary) in path {
            let last = comparable(&now);
            now = weighing(&now, Weights { primary, canary });
            let read = now.forwarding(&primary_group(), &canary_group()).unwrap();
            prop_assert_eq!(read.weights, Weights { primary, canary });
            prop_assert_eq!(&read.rest, &before.rest);
            let fields = comparable(&now);
            let changed: Vec<_> = last.iter().zip(&fields).filter(|(a, b)| a != b).collect();
            prop_assert_eq!(last.len(), fields.len());
            prop_assert!(changed.len() <= 2, "{changed:?}");
            prop_assert!(changed.iter().all(|(a, b)| a.0 == b.0 && a.0.ends_with(".Weight")));
        }
        let back = weighing(&now, before.weights);
        prop_assert_eq!(comparable(&back), comparable(&actions));
    }

    #[test]
    fn on_the_way_of_a_release_the_pair_always_has_a_weight_and_ends_with_what_was_found(
        actions in actions(), primary in 1u16..=999, asked in prop::collection::vec(0u8..=100, 1..8),
    ) {
        let rest = weighing(&actions, Weights { primary, canary: 0 });
        let others = of_others(&rest);
        let found = found(&rule(), primary, others > 0);
        let mut now = rest.clone();
        for percent in asked {
            let Ok(weights) = found.weights(weight(percent)) else {
                continue;
            };
            now = weighing(&now, weights);
            prop_assert!(weights.total() > 0);
            prop_assert_eq!(of_others(&now), others);
            prop_assert!(others == 0 || weights.total() == u32::from(primary), "others keep their part");
        }
        now = weighing(&now, found.weights(Weight::ZERO).unwrap());
        prop_assert_eq!(now, rest);
    }

    #[test]
    fn a_secret_that_is_not_described_is_told_to_be_kept(actions in actions()) {
        let fields = weighing(&actions, Weights { primary: 1, canary: 1 }).fields("Actions");
        let oidc = actions.fields("Actions").iter().filter(|(path, text)| path.ends_with(".Type") && text == "authenticate-oidc").count();
        let kept = fields.iter().filter(|(path, text)| path.ends_with(".AuthenticateOidcConfig.UseExistingClientSecret") && text == "true");
        prop_assert_eq!(kept.count(), oidc);
        prop_assert!(!fields.iter().any(|(path, _)| path.ends_with(".ClientSecret")));
    }
}

#[test]
fn lists_and_maps_are_counted_from_one_and_what_is_empty_stays() {
    let part = |name: &str, inner: Vec<Element>| Element::of(name, inner);
    let entry = |key: &str, value: &str| {
        part(
            "entry",
            vec![Element::text("key", key), Element::text("value", value)],
        )
    };
    let actions = Actions::new(vec![part(
        "member",
        vec![
            Element::text("Type", "authenticate-cognito"),
            part("Extra", vec![entry("a", "1"), entry("b", "")]),
            part(
                "List",
                vec![
                    Element::text("member", "x"),
                    part("member", vec![Element::text("Deep", "y")]),
                ],
            ),
            Element::text("Empty", ""),
        ],
    )]);
    let fields = actions.fields("Actions").into_iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        fields.join("&"),
        "Actions.member.1.Type=authenticate-cognito&Actions.member.1.Extra.entry.1.key=a&Actions.member.1.Extra.entry.1.value=1\
         &Actions.member.1.Extra.entry.2.key=b&Actions.member.1.Extra.entry.2.value=&Actions.member.1.List.member.1=x\
         &Actions.member.1.List.member.2.Deep=y&Actions.member.1.Empty="
    );
}

#[test]
fn a_weight_that_is_not_described_is_one_and_is_set_all_the_same() {
    let tuple = |group: &TargetGroupArn| {
        Element::of(
            "member",
            vec![Element::text("TargetGroupArn", group.as_str())],
        )
    };
    let groups = vec![tuple(&primary_group()), tuple(&canary_group())];
    let config = Element::of("ForwardConfig", vec![Element::of("TargetGroups", groups)]);
    let forward = Element::of("member", vec![Element::text("Type", "forward"), config]);
    let actions = Actions::new(vec![forward]);
    let read = |actions: &Actions| {
        let read = actions.forwarding(&primary_group(), &canary_group());
        read.unwrap().weights
    };
    assert_eq!((read(&actions).primary, read(&actions).canary), (1, 1));
    let to = Weights {
        primary: 30,
        canary: 70,
    };
    assert_eq!(read(&weighing(&actions, to)), to);
}

#[test]
fn a_rule_with_one_group_alone_does_not_forward_to_the_other() {
    let forward = Element::of(
        "member",
        vec![
            Element::text("Type", "forward"),
            Element::text("TargetGroupArn", primary_group().as_str()),
        ],
    );
    let read = Actions::new(vec![forward]).forwarding(&primary_group(), &canary_group());
    let refused = read.unwrap_err();
    assert!(
        matches!(&refused, BadActions::NotThere { group, found } if *group == canary_group() && found.len() == 1),
        "{refused}"
    );
}
