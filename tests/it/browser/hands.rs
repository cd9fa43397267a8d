//! What a person does with a mouse, a finger and a keyboard, through `WebDriver`'s actions: the browser
//! cannot tell the difference.

use std::time::Duration;

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
    TouchActions,
};
use fantoccini::key::Key;
use serde_json::json;

use super::Browser;

/// Moves in a drag. In one jump a list would not see where the pointer passes.
const STEPS: u8 = 10;

/// How long one move takes.
const MOVE: Duration = Duration::from_millis(20);

/// How long a finger rests before it moves, as people do to pick something up.
const HOLD: Duration = Duration::from_millis(250);

impl Browser {
    /// Drags with the left button, from the middle of one element to the middle of another. Both must fit on the screen together.
    pub async fn drag_by_mouse(&self, from_css: &str, to_css: &str) {
        let path = self.way(from_css, to_css).await;
        let mouse = path
            .into_iter()
            .fold(MouseActions::new("mouse".to_owned()), |mouse, action| {
                mouse.then(action)
            });
        self.client.perform_actions(mouse).await.unwrap();
        self.client.release_actions().await.unwrap();
    }

    /// Drags with a finger that first rests for a quarter of a second. Both elements must fit on the screen together.
    pub async fn drag_by_touch(&self, from_css: &str, to_css: &str) {
        let path = self.way(from_css, to_css).await;
        let finger = path
            .into_iter()
            .fold(TouchActions::new("finger".to_owned()), |finger, action| {
                finger.then(action)
            });
        self.client.perform_actions(finger).await.unwrap();
        self.client.release_actions().await.unwrap();
    }

    async fn way(&self, from_css: &str, to_css: &str) -> Vec<PointerAction> {
        self.wait_for(from_css).await;
        self.wait_for(to_css).await;
        let script = "const [from, to] = [...arguments].map((css) => document.querySelector(css)); \
             const inside = (box) => box.top >= 0 && box.bottom <= innerHeight; \
             const boxes = () => [from, to].map((at) => at.getBoundingClientRect()); \
             if (!boxes().every(inside)) { from.scrollIntoView({ block: 'center', behavior: 'instant' }); } \
             if (!boxes().every(inside)) { return null; } \
             return boxes().flatMap((box) => [box.left + box.width / 2, box.top + box.height / 2]);";
        let points = self.run(script, vec![json!(from_css), json!(to_css)]).await;
        let points: Vec<f64> = serde_json::from_value(points).unwrap_or_else(|_| {
            panic!("{from_css} and {to_css} do not fit on the screen together")
        });
        let [x, y, to_x, to_y] = points[..] else {
            panic!("two points have four numbers")
        };
        let at = |share: f64, duration| PointerAction::MoveTo {
            duration: Some(duration),
            x: (x + (to_x - x) * share).round(),
            y: (y + (to_y - y) * share).round(),
        };
        let mut way = vec![
            at(0.0, Duration::ZERO),
            PointerAction::Down {
                button: MOUSE_BUTTON_LEFT,
            },
            PointerAction::Pause { duration: HOLD },
        ];
        way.extend((1..=STEPS).map(|step| at(f64::from(step) / f64::from(STEPS), MOVE)));
        way.push(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
        way
    }

    /// Presses keys together and lets them go, where the focus is: `Tab`, `Shift+Tab`, `Alt+ArrowUp`, `x`.
    pub async fn press(&self, keys: &str) {
        let keys: Vec<char> = keys.split('+').map(key).collect();
        let down = keys.iter().map(|&value| KeyAction::Down { value });
        let up = keys.iter().rev().map(|&value| KeyAction::Up { value });
        let hand = KeyActions::new("keyboard".to_owned());
        let hand = down.chain(up).fold(hand, InputSource::then);
        self.client.perform_actions(hand).await.unwrap();
    }
}

fn key(name: &str) -> char {
    let key = match name {
        "Alt" => Key::Alt,
        "Control" => Key::Control,
        "Shift" => Key::Shift,
        "ArrowUp" => Key::Up,
        "ArrowDown" => Key::Down,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "End" => Key::End,
        "Home" => Key::Home,
        "Space" => Key::Space,
        "Tab" => Key::Tab,
        _ => {
            let mut letters = name.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                panic!("no key is called {name}")
            };
            return letter;
        }
    };
    key.into()
}
