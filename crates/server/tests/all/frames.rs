//! What tests say, each in one line.

use crate::harness::{House, Person};
use protocol::client_frame::{self as ask, ClientFrame, Show, What};
use protocol::people::{Answer, AnswerRequest, Block};
use protocol::{ConversationId, Generation, SendId, Seq, UserId};

pub fn watch(open: &[ConversationId], presence_of: &[&Person]) -> ClientFrame {
    ClientFrame::Watch(watching(open, presence_of, None))
}

pub fn watch_as(open: &[ConversationId], presence_of: &[&Person], show: Show) -> ClientFrame {
    ClientFrame::Watch(watching(open, presence_of, Some(show)))
}

pub fn watching(open: &[ConversationId], presence_of: &[&Person], show: Option<Show>) -> ask::Watch {
    ask::Watch {
        open: open.to_vec(),
        presence_of: ids(presence_of),
        show,
    }
}

pub fn ids(people: &[&Person]) -> Vec<UserId> {
    people.iter().map(|person| person.user).collect()
}

pub fn typing(conv: ConversationId) -> ClientFrame {
    ClientFrame::Typing(ask::Typing { conv })
}

pub fn cursor(conv: ConversationId, delivered: Option<u64>, read: Option<u64>) -> ClientFrame {
    ClientFrame::Cursor(ask::Cursor {
        conv,
        delivered: delivered.map(Seq),
        read: read.map(Seq),
        generation: None,
    })
}

pub fn read_as(conv: ConversationId, read: u64, generation: u64) -> ClientFrame {
    ClientFrame::Cursor(ask::Cursor {
        conv,
        delivered: None,
        read: Some(Seq(read)),
        generation: Some(Generation(generation)),
    })
}

pub fn members(conv: ConversationId) -> ClientFrame {
    ClientFrame::Members(ask::AskMembers { conv, after: None })
}

pub fn heads(convs: &[ConversationId]) -> ClientFrame {
    ClientFrame::Heads(ask::AskHeads { convs: convs.to_vec() })
}

pub fn people(users: &[&Person], handles: &[&str]) -> ClientFrame {
    ClientFrame::People(ask::AskPeople {
        users: ids(users),
        handles: handles.iter().map(|handle| (*handle).to_owned()).collect(),
        prefix: None,
    })
}

pub fn block(person: &Person, on: bool) -> ClientFrame {
    let user = person.user;
    ClientFrame::Block(Block { user, on })
}

pub fn answer(conv: ConversationId, answer: Answer) -> ClientFrame {
    ClientFrame::Answer(AnswerRequest { conv, answer })
}

pub fn direct(send_id: SendId, with: UserId) -> ClientFrame {
    let what = What::Direct { with };
    ClientFrame::Create(ask::Create { send_id, what })
}

pub fn group(send_id: SendId, title: &str, members: Vec<UserId>) -> ClientFrame {
    let title = title.to_owned();
    let what = What::Group { title, members };
    ClientFrame::Create(ask::Create { send_id, what })
}

/// A `get` that names no place yet.
pub fn get(conv: ConversationId) -> ask::Get {
    ask::Get {
        after: None,
        ..ask::Get::after(conv, Seq::ZERO)
    }
}

impl House {
    pub fn add(&self, conv: ConversationId, people: &[&Person]) -> ClientFrame {
        let (send_id, users) = (self.send_id(), ids(people));
        ClientFrame::Add(ask::Add { conv, send_id, users })
    }

    pub fn remove(&self, conv: ConversationId, person: &Person) -> ClientFrame {
        let (send_id, user) = (self.send_id(), person.user);
        ClientFrame::Remove(ask::Remove { conv, send_id, user })
    }

    pub fn leave(&self, conv: ConversationId) -> ClientFrame {
        let send_id = self.send_id();
        ClientFrame::Leave(ask::Leave { conv, send_id })
    }
}
