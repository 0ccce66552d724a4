//! The law of blindness: two indexes that differ only in what a caller may not see give that caller
//! the same status and the same bytes, whatever the request.

pub(crate) mod choices;
pub(crate) mod records;
pub(crate) mod requests;

use filedex::{
    AsIs, Document, EndpointOptions, Endpoints, Filedex, MemoryDirectory, Room, RoomKind, User,
};

use choices::Choices;
use records::{ROOM, Rules, USER};
use requests::Request;

/// Asks requests drawn from the bytes of two indexes drawn from them; gives how many there were, and
/// the first that told the two apart.
pub fn check(bytes: &[u8]) -> (usize, Option<String>) {
    let mut choices = Choices::new(bytes);
    let rules = Rules::draw(&mut choices);
    let sets = records::draw(&mut choices, &rules);
    let pair = sets.each_ref().map(|records| endpoints(records, &rules));
    let mut asked = 0;
    while !choices.is_spent() {
        let request = Request::draw(&mut choices);
        asked += 1;
        // The second time fields are asked for, columns may answer.
        for time in ["first", "second"] {
            let [left, right] = pair.each_ref().map(|endpoints| request.ask(endpoints));
            if left != right {
                let told = format!("{time} time {request:?}\n{left:?}\n{right:?}\n{sets:#?}");
                return (asked, Some(told));
            }
        }
    }
    (asked, None)
}

fn endpoints(records: &[Document], rules: &Rules) -> Endpoints {
    let index = Filedex::temporary().expect("an index");
    index.put_many(records.iter().cloned().map(AsIs)).expect("they are put");
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new(USER, "ada"));
    directory.add_user(User::new("u2", "ben"));
    directory.add_room(Room::new(ROOM, RoomKind::Group).named("crew"), [USER]);
    let mut options = EndpointOptions::default();
    options.policy = rules.policy.clone();
    Endpoints::with_options(index, directory, options)
}
