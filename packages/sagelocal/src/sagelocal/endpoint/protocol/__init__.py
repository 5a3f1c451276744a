"""The protocol: names, requests and answers, pages, and what is kept between them."""
