// What stands behind # comes here with the way to a page, and goes on to it: a link to the playground carries its card
// there.
document.querySelector('form[action="/sign-in"]').action += location.hash;
